use super::story::Story;
impl Story {
    /// svg
    pub fn to_svg(&self) -> String {
        String::new()
    }
}
