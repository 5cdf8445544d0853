//! Views: who is the primary and who are its backups, under a number.

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

/// A view: at most one primary, ever, for each number.
///
/// ```
/// use splitbrain::NodeId;
/// use splitbrain_models::parts::view::View;
///
/// let [a, b, c] = [NodeId(1), NodeId(2), NodeId(3)];
/// let view = View { number: 1, primary: a, backups: vec![b] };
/// let next = view.next(&[b, c], &view.backups).expect("the primary is gone");
/// assert_eq!(next, View { number: 2, primary: b, backups: vec![c] });
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Its number. Of two views the one with the higher holds.
    pub number: u32,
    /// The server that clients ask.
    pub primary: NodeId,
    /// Those that keep what it does, in the order in which they would take its place.
    pub backups: Vec<NodeId>,
}

impl View {
    /// Whether that server is in it.
    pub fn contains(&self, server: NodeId) -> bool {
        self.primary == server || self.backups.contains(&server)
    }

    /// The next view, given who is alive: the primary stays, or the first of the `heirs` that is
    /// alive takes its place; whoever else is alive is a backup, those that were first. None if
    /// nothing changes, or if there is nobody to take the primary's place.
    pub fn next(&self, alive: &[NodeId], heirs: &[NodeId]) -> Option<View> {
        let lives = |server: &&NodeId| alive.contains(server);
        let mut line = [&self.primary].into_iter().chain(heirs).filter(lives);
        let primary = *line.next()?;
        let newcomers = alive.iter().filter(|server| !self.contains(**server));
        let others = self.backups.iter().filter(lives).chain(newcomers).copied();
        let backups: Vec<NodeId> = others.filter(|server| *server != primary).collect();
        let changed = primary != self.primary || backups != self.backups;
        changed.then_some(View { number: self.number + 1, primary, backups })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (&'a str, &'a [u8], &'a [u8], Option<(u8, &'a [u8])>);

    #[test]
    fn who_is_who_in_the_next_view() {
        let servers = |numbers: &[u8]| numbers.iter().copied().map(NodeId).collect::<Vec<_>>();
        let view = View { number: 7, primary: NodeId(1), backups: servers(&[2, 3]) };
        let table: &[Row<'_>] = &[
            ("all are alive", &[1, 2, 3], &[2, 3], None),
            ("a backup is gone", &[1, 3], &[2, 3], Some((1, &[3]))),
            ("the primary is gone, and the first backup follows", &[2, 3], &[2], Some((2, &[3]))),
            ("both are gone, and the second follows", &[3], &[2, 3], Some((3, &[]))),
            ("both are gone, and the second may not follow", &[3], &[2], None),
            ("all are gone", &[], &[2, 3], None),
            ("a newcomer is last", &[1, 2, 3, 4], &[2, 3], Some((1, &[2, 3, 4]))),
            ("a newcomer never follows", &[4], &[2, 3], None),
            ("one comes and one goes", &[1, 3, 4], &[2, 3], Some((1, &[3, 4]))),
        ];
        for (sentence, alive, heirs, expected) in table {
            let expected = expected.map(|(primary, backups)| View {
                number: 8,
                primary: NodeId(primary),
                backups: servers(backups),
            });
            assert_eq!(view.next(&servers(alive), &servers(heirs)), expected, "{sentence}");
        }
    }
}
