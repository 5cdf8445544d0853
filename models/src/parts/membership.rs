//! What a member of a group knows of another one, and which of two such records is the newer.
//!
//! A. Das, I. Gupta, A. Motivala, *SWIM: Scalable Weakly-consistent Infection-style Process Group
//! Membership Protocol* (DSN 2002), §4.2. Records reach a node in any order, again, or never. What
//! makes that harmless is an order on them, in which a node keeps the greatest it has seen:
//!
//! - A member's *incarnation* comes first. Only the member itself raises it: to say "I am alive,
//!   and whatever you heard of me before is over".
//! - Within an incarnation bad news goes before good: alive, suspected, dead, left.
//!
//! Keeping the greatest is commutative, associative and idempotent: views that have seen the same
//! records are the same, however they came. The paper's rules are this order, but for one: there
//! nothing undoes a death, and whoever was declared dead by mistake has to join under another
//! name. Here a death of one incarnation is undone by the next, as in the implementations that
//! came after (memberlist, Akka's and others'), so that a wrong verdict can be refuted.
//!
//! ```
//! use splitbrain_models::parts::membership::{Incarnation, Record, Status};
//!
//! let mut known = Record { status: Status::Alive, incarnation: Incarnation(1) };
//! assert!(known.merge(Record { status: Status::Suspect, ..known }), "a suspicion is news");
//! assert!(!known.merge(Record { status: Status::Alive, ..known }), "what was said before is not");
//! let refuted = Record { status: Status::Alive, incarnation: Incarnation(2) };
//! assert!(known.merge(refuted), "the member itself knows better");
//! assert_eq!(known.to_string(), "alive@2");
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// How often a member has said anew that it is alive, from 1.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Incarnation(pub u32);

impl Incarnation {
    /// The one after it.
    pub fn next(self) -> Incarnation {
        Incarnation(self.0 + 1)
    }
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is known of a member in an incarnation. What comes later in this list goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is a member and well.
    Alive,
    /// It did not answer somebody, and has not said yet that it is well.
    Suspect,
    /// It was suspected for too long. (The paper's *Confirm*, and *faulty*.)
    Dead,
    /// It has said itself that it is no longer a member.
    Left,
}

/// What is known of a member. The greater of two is the newer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Record {
    /// The incarnation it is about.
    pub incarnation: Incarnation,
    /// What is known.
    pub status: Status,
}

impl Record {
    /// A member that is well, in that incarnation.
    pub fn alive(incarnation: Incarnation) -> Record {
        Record { status: Status::Alive, incarnation }
    }

    /// The same incarnation with another status.
    pub fn but(self, status: Status) -> Record {
        Record { status, ..self }
    }

    /// Whether it is newer than the other.
    pub fn supersedes(self, other: Record) -> bool {
        self > other
    }

    /// Keeps the newer one. Says whether that was the other.
    pub fn merge(&mut self, other: Record) -> bool {
        let news = other.supersedes(*self);
        if news {
            *self = other;
        }
        news
    }

    /// Whether it says that the member is gone: declared dead, or left.
    pub fn is_gone(self) -> bool {
        matches!(self.status, Status::Dead | Status::Left)
    }
}

/// As `suspect@2`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self.status {
            Status::Alive => "alive",
            Status::Suspect => "suspect",
            Status::Dead => "dead",
            Status::Left => "left",
        };
        write!(f, "{status}@{}", self.incarnation)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Status::{Alive, Dead, Left, Suspect};
    use super::*;

    fn at(status: Status, incarnation: u32) -> Record {
        Record { status, incarnation: Incarnation(incarnation) }
    }

    /// All records of three incarnations.
    fn all() -> Vec<Record> {
        let statuses = [Alive, Suspect, Dead, Left];
        (1..=3).flat_map(|incarnation| statuses.map(|status| at(status, incarnation))).collect()
    }

    fn merged(records: &[Record]) -> Record {
        let mut known = records[0];
        records[1..].iter().for_each(|record| {
            known.merge(*record);
        });
        known
    }

    /// The rules of §4.2, with deaths of an incarnation in place of deaths for good.
    #[test]
    fn which_record_supersedes_which() {
        let table = [
            ("a refutation ends a suspicion", at(Alive, 2), at(Suspect, 1), true),
            ("an old word does not", at(Alive, 1), at(Suspect, 1), false),
            ("nor an older one", at(Alive, 1), at(Suspect, 2), false),
            ("a new word is news of its kind", at(Alive, 2), at(Alive, 1), true),
            ("the same word is not", at(Alive, 1), at(Alive, 1), false),
            ("a suspicion of this incarnation counts", at(Suspect, 1), at(Alive, 1), true),
            ("one that was refuted does not", at(Suspect, 1), at(Alive, 2), false),
            ("a later suspicion is another", at(Suspect, 2), at(Suspect, 1), true),
            ("a death ends a suspicion", at(Dead, 1), at(Suspect, 1), true),
            ("a death of this incarnation counts", at(Dead, 1), at(Alive, 1), true),
            ("one of an earlier one does not", at(Dead, 1), at(Alive, 2), false),
            ("a death is no more suspected", at(Suspect, 1), at(Dead, 1), false),
            ("nor taken back by old words", at(Alive, 1), at(Dead, 1), false),
            ("but by the member's next", at(Alive, 2), at(Dead, 1), true),
            ("a later death is news", at(Dead, 10), at(Dead, 1), true),
            ("who left was not dead", at(Left, 1), at(Dead, 1), true),
            ("and is not suspected", at(Suspect, 1), at(Left, 1), false),
            ("but may come back", at(Alive, 2), at(Left, 1), true),
        ];
        for (sentence, new, old, supersedes) in table {
            assert_eq!(new.supersedes(old), supersedes, "{sentence}: {new} over {old}");
        }
    }

    #[test]
    fn merging_is_commutative_associative_idempotent_and_monotone() {
        for a in all() {
            assert_eq!(merged(&[a, a]), a, "idempotent");
            for b in all() {
                assert_eq!(merged(&[a, b]), merged(&[b, a]), "commutative: {a}, {b}");
                assert!(merged(&[a, b]) >= a, "monotone: {a}, {b}");
                for c in all() {
                    let (left, right) =
                        (merged(&[merged(&[a, b]), c]), merged(&[a, merged(&[b, c])]));
                    assert_eq!(left, right, "associative: {a}, {b}, {c}");
                }
            }
        }
    }

    /// The four deliveries of `dead-incarnation-hole`: the last must not bring the dead back.
    #[test]
    fn an_old_word_does_not_undo_a_later_death() {
        let heard = [at(Alive, 1), at(Dead, 1), at(Dead, 10), at(Alive, 2)];
        let news: Vec<bool> =
            (1..heard.len()).map(|n| heard[n].supersedes(merged(&heard[..n]))).collect();
        assert_eq!(news, [true, true, false]);
        assert_eq!(merged(&heard), at(Dead, 10));
    }

    #[test]
    fn who_is_gone() {
        let gone = [Alive, Suspect, Dead, Left].map(|status| at(status, 1).is_gone());
        assert_eq!(gone, [false, false, true, true]);
    }
}
