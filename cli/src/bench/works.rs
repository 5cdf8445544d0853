//! The works there are, in which sizes, and what they are known to count.

use super::engines::Engine;
use super::measure::Counts;
use super::work::served::History;

/// What is searched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// Two-phase commit.
    TwoPhase {
        /// How many resource managers.
        resources: u8,
    },
    /// Single-decree Paxos on three servers.
    Paxos {
        /// How many clients.
        clients: u8,
        /// How much of the past is part of a state.
        history: History,
    },
    /// The register of Attiya, Bar-Noy and Dolev.
    Register {
        /// How many clients.
        clients: u8,
        /// How many servers.
        servers: u8,
        /// How much of the past is part of a state.
        history: History,
    },
    /// A scenario of the catalog's Raft.
    Raft(&'static str),
    /// The same with parameters of its own.
    RaftWith {
        /// The scenario.
        scenario: &'static str,
        /// The parameters that differ from the scenario's.
        settings: &'static [(&'static str, u64)],
    },
    /// A scenario of the catalog's lock service.
    Lock(&'static str),
}

/// When a work is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Size {
    /// With `--short`.
    Short,
    /// Without it.
    Full,
    /// With `--long` only.
    Long,
}

/// A work, and who is measured on it.
#[derive(Clone, Debug)]
pub struct Work {
    /// Its name: `paxos-3`.
    pub name: &'static str,
    /// Its kind, which has other sizes: `paxos`.
    pub kind: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// What is searched.
    pub subject: Subject,
    /// When it is taken.
    pub size: Size,
    /// What everybody must count; where nobody has published it, rows are held to each other.
    pub counts: Option<Counts>,
    /// Who searches.
    pub engines: &'static [Engine],
    /// Who searches with `--long` only.
    pub patient: &'static [Engine],
}

/// Counts that are known.
const fn known(states: u64, transitions: u64, depth: u32) -> Option<Counts> {
    Some(Counts { states, transitions, depth: Some(depth) })
}

const OURS: &[Engine] = &[Engine::Splitbrain, Engine::TwoThreads];
const NATIVE: &[Engine] =
    &[Engine::Splitbrain, Engine::Plain, Engine::StaterightBfs, Engine::StaterightDfs];
const LARGE_AND_SPIN: &[Engine] = &[
    Engine::Splitbrain,
    Engine::TwoThreads,
    Engine::Plain,
    Engine::StaterightBfs,
    Engine::StaterightDfs,
    Engine::Spin,
];
const PAXOS: &[Engine] = &[
    Engine::Splitbrain,
    Engine::Plain,
    Engine::StaterightBfs,
    Engine::StaterightDfs,
    Engine::StaterightStyle,
];
const PAXOS_LARGE: &[Engine] = &[
    Engine::Splitbrain,
    Engine::TwoThreads,
    Engine::Plain,
    Engine::StaterightBfs,
    Engine::StaterightDfs,
    Engine::StaterightStyle,
];
const NATIVE_AND_SPIN: &[Engine] = &[
    Engine::Splitbrain,
    Engine::Plain,
    Engine::StaterightBfs,
    Engine::StaterightDfs,
    Engine::Spin,
];
const ADAPTED_LARGE: &[Engine] =
    &[Engine::Splitbrain, Engine::TwoThreads, Engine::Plain, Engine::AdapterBfs];
const ADAPTED: &[Engine] = &[Engine::Splitbrain, Engine::Plain, Engine::AdapterBfs];
const DEPTH_FIRST: &[Engine] = &[Engine::StaterightDfs];

/// Every work, in the order of the table.
pub const WORKS: &[Work] = &[
    Work {
        name: "paxos-2",
        kind: "paxos",
        about: "Paxos with 2 clients and 3 servers, the whole history in each state",
        subject: Subject::Paxos { clients: 2, history: History::Whole },
        size: Size::Short,
        counts: known(16_668, 32_970, 20),
        engines: PAXOS,
        patient: &[],
    },
    Work {
        name: "paxos-3",
        kind: "paxos",
        about: "Paxos with 3 clients and 3 servers, the whole history in each state",
        subject: Subject::Paxos { clients: 3, history: History::Whole },
        size: Size::Full,
        counts: known(1_194_428, 2_420_476, 27),
        engines: PAXOS_LARGE,
        patient: &[],
    },
    Work {
        name: "paxos-4",
        kind: "paxos",
        about: "Paxos with 4 clients and 3 servers, the whole history in each state",
        subject: Subject::Paxos { clients: 4, history: History::Whole },
        size: Size::Long,
        counts: known(2_372_188, 4_807_982, 27),
        engines: OURS,
        patient: DEPTH_FIRST,
    },
    Work {
        name: "paxos-7",
        kind: "paxos",
        about: "Paxos with 7 clients and 3 servers, the whole history in each state",
        subject: Subject::Paxos { clients: 7, history: History::Whole },
        size: Size::Long,
        counts: known(14_003_481, 28_393_991, 27),
        engines: OURS,
        patient: DEPTH_FIRST,
    },
    Work {
        name: "paxos-canonical-2",
        kind: "paxos-canonical",
        about: "Paxos with 2 clients and 3 servers, what matters of the history in each state",
        subject: Subject::Paxos { clients: 2, history: History::Canonical },
        size: Size::Short,
        counts: known(16_668, 32_970, 20),
        engines: ADAPTED,
        patient: &[],
    },
    Work {
        name: "paxos-canonical-3",
        kind: "paxos-canonical",
        about: "Paxos with 3 clients and 3 servers, what matters of the history in each state",
        subject: Subject::Paxos { clients: 3, history: History::Canonical },
        size: Size::Full,
        counts: known(1_194_428, 2_420_476, 27),
        engines: ADAPTED,
        patient: &[],
    },
    Work {
        name: "two-phase-5",
        kind: "two-phase",
        about: "two-phase commit with 5 resource managers, messages as a set",
        subject: Subject::TwoPhase { resources: 5 },
        size: Size::Short,
        counts: known(8_832, 58_145, 16),
        engines: NATIVE_AND_SPIN,
        patient: &[],
    },
    Work {
        name: "two-phase-7",
        kind: "two-phase",
        about: "two-phase commit with 7 resource managers, messages as a set",
        subject: Subject::TwoPhase { resources: 7 },
        size: Size::Short,
        counts: known(296_448, 2_744_705, 22),
        engines: NATIVE_AND_SPIN,
        patient: &[],
    },
    Work {
        name: "two-phase-8",
        kind: "two-phase",
        about: "two-phase commit with 8 resource managers, messages as a set",
        subject: Subject::TwoPhase { resources: 8 },
        size: Size::Full,
        counts: known(1_745_408, 18_507_777, 25),
        engines: LARGE_AND_SPIN,
        patient: &[],
    },
    Work {
        name: "two-phase-9",
        kind: "two-phase",
        about: "two-phase commit with 9 resource managers, messages as a set",
        subject: Subject::TwoPhase { resources: 9 },
        size: Size::Full,
        counts: known(10_340_352, 123_558_401, 28),
        engines: &[Engine::Splitbrain, Engine::TwoThreads, Engine::StaterightDfs, Engine::Spin],
        patient: &[],
    },
    Work {
        name: "register-2x2",
        kind: "register",
        about: "a register of 2 clients and 2 servers, what matters of the history in each state",
        subject: Subject::Register { clients: 2, servers: 2, history: History::Canonical },
        size: Size::Short,
        counts: known(465, 808, 24),
        engines: ADAPTED,
        patient: &[],
    },
    Work {
        name: "register-2x3",
        kind: "register",
        about: "a register of 2 clients and 3 servers, what matters of the history in each state",
        subject: Subject::Register { clients: 2, servers: 3, history: History::Canonical },
        size: Size::Full,
        counts: Some(Counts { states: 28_677_944, transitions: 143_644_424, depth: None }),
        engines: OURS,
        patient: &[Engine::AdapterDfs],
    },
    Work {
        name: "register-whole-2x2",
        kind: "register-whole",
        about: "a register of 2 clients and 2 servers, the whole history in each state",
        subject: Subject::Register { clients: 2, servers: 2, history: History::Whole },
        size: Size::Short,
        counts: known(544, 874, 24),
        engines: NATIVE,
        patient: &[],
    },
    Work {
        name: "register-whole-2x3",
        kind: "register-whole",
        about: "a register of 2 clients and 3 servers, the whole history in each state",
        subject: Subject::Register { clients: 2, servers: 3, history: History::Whole },
        size: Size::Long,
        counts: Some(Counts { states: 41_138_199, transitions: 194_646_242, depth: None }),
        engines: OURS,
        patient: DEPTH_FIRST,
    },
    Work {
        name: "raft-election",
        kind: "raft",
        about: "the catalog's Raft, scenario `election`",
        subject: Subject::Raft("election"),
        size: Size::Short,
        counts: None,
        engines: ADAPTED,
        patient: &[],
    },
    Work {
        name: "raft-crash",
        kind: "raft",
        about: "the catalog's Raft, scenario `crash`",
        subject: Subject::Raft("crash"),
        size: Size::Full,
        counts: None,
        engines: ADAPTED,
        patient: &[],
    },
    Work {
        name: "raft-deep",
        kind: "raft",
        about: "the catalog's Raft, scenario `deep`",
        subject: Subject::Raft("deep"),
        size: Size::Full,
        counts: None,
        engines: ADAPTED_LARGE,
        patient: &[],
    },
    Work {
        name: "raft-once",
        kind: "raft",
        about: "the catalog's Raft, scenario `deep-crash`, each message at most once",
        subject: Subject::RaftWith { scenario: "deep-crash", settings: &[("set-links", 0)] },
        size: Size::Full,
        counts: known(8_921_492, 49_283_538, 27),
        engines: OURS,
        patient: &[Engine::AdapterBfs],
    },
    Work {
        name: "raft-large",
        kind: "raft",
        about: "the catalog's Raft, scenario `deep-crash` with 5 crashes, each message at most once",
        subject: Subject::RaftWith {
            scenario: "deep-crash",
            settings: &[("set-links", 0), ("crashes", 5)],
        },
        size: Size::Long,
        counts: known(173_128_596, 986_276_520, 35),
        engines: OURS,
        patient: &[],
    },
    Work {
        name: "lock-crash",
        kind: "lock",
        about: "the catalog's lock service, scenario `crash`",
        subject: Subject::Lock("crash"),
        size: Size::Short,
        counts: None,
        engines: ADAPTED,
        patient: &[],
    },
    Work {
        name: "lock-deep",
        kind: "lock",
        about: "the catalog's lock service, scenario `deep`",
        subject: Subject::Lock("deep"),
        size: Size::Full,
        counts: None,
        engines: ADAPTED_LARGE,
        patient: &[],
    },
];

/// The work of that name.
///
/// # Errors
/// There is none; the sentence names those there are.
pub fn work(name: &str) -> Result<&'static Work, String> {
    WORKS.iter().find(|work| work.name == name).ok_or_else(|| unknown(name))
}

/// The works asked for, by name or by kind, in the order of the table; all if nothing is named. A
/// name takes its work whatever its size is.
///
/// # Errors
/// A word is neither a name nor a kind; the sentence says which there are.
pub fn chosen(words: &[String], short: bool, long: bool) -> Result<Vec<&'static Work>, String> {
    if let Some(word) = words.iter().find(|word| !WORKS.iter().any(|work| work.is(word))) {
        return Err(unknown(word));
    }
    let named = |work: &Work| words.iter().any(|word| work.name == *word);
    let sized = |work: &Work| match work.size {
        Size::Short => short,
        Size::Full => !short,
        Size::Long => long,
    };
    let meant = |work: &Work| words.is_empty() || words.iter().any(|word| work.kind == *word);
    let taken = WORKS.iter().filter(|work| named(work) || sized(work) && meant(work));
    Ok(taken.collect())
}

impl Work {
    /// Whether it is called so, or is of that kind.
    fn is(&self, word: &str) -> bool {
        self.name == word || self.kind == word
    }

    /// Who searches it now, in the order of the table.
    pub fn engines(&self, long: bool, only_ours: bool) -> Vec<Engine> {
        let taken = |engine: &Engine| {
            (self.engines.contains(engine) || long && self.patient.contains(engine))
                && (engine.is_ours() || !only_ours)
        };
        Engine::ALL.into_iter().filter(taken).collect()
    }
}

fn unknown(word: &str) -> String {
    let mut kinds: Vec<&str> = WORKS.iter().map(|work| work.kind).collect();
    kinds.dedup();
    let names: Vec<&str> = WORKS.iter().map(|work| work.name).collect();
    format!(
        "there is no work `{word}`; choose a kind ({}) or one of: {}",
        kinds.join(", "),
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_are_chosen_by_name_by_kind_and_by_size() {
        for (words, short, long, expected) in [
            ("paxos", false, false, "paxos-3"),
            ("paxos", true, false, "paxos-2"),
            ("paxos-3", true, false, "paxos-3"),
            ("two-phase paxos", true, false, "paxos-2 two-phase-5 two-phase-7"),
            ("register-whole", false, false, ""),
            ("register-whole", false, true, "register-whole-2x3"),
            ("register-whole-2x3", false, false, "register-whole-2x3"),
        ] {
            let asked: Vec<String> = words.split(' ').map(str::to_string).collect();
            let found = chosen(&asked, short, long).expect("known words");
            let names: Vec<&str> = found.iter().map(|work| work.name).collect();
            assert_eq!(names.join(" "), expected, "{words} {short} {long}");
        }
        assert!(chosen(&["paxo".to_string()], false, false).is_err());
    }

    #[test]
    fn every_name_is_one_works_and_no_kind_is_a_name() {
        for (at, work) in WORKS.iter().enumerate() {
            assert!(WORKS[..at].iter().all(|other| other.name != work.name), "{}", work.name);
            assert!(WORKS.iter().all(|other| other.kind != work.name), "{}", work.name);
            assert!(work.engines.contains(&Engine::Splitbrain), "{}", work.name);
        }
    }
}
