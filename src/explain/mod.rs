//! stub
use crate::{Protocol, Scenario, Step};
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
/// s
pub struct Story {}
impl Story {
    /// t
    pub fn to_text(&self) -> String {
        String::new()
    }
    /// t
    pub fn to_svg(&self) -> String {
        String::new()
    }
    /// t
    pub fn steps_in_words(&self) -> Vec<String> {
        Vec::new()
    }
}
/// t
pub fn tell<P: Protocol>(_: &Scenario<P>, _: &[Step<P>], _: Option<&str>) -> Story {
    Story {}
}
