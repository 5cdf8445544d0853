//! How the clients of a run ask, as data: when, what of, and what they do without an answer.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::latency::Latency;
use super::written;
use crate::time::{Span, Units};

/// How the clients ask.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// How many clients ask.
    pub clients: u8,
    /// The mean time a client waits before it asks, for the first time or again.
    #[serde(with = "written")]
    pub think: Span,
    /// How many requests each client gives up at most without an answer, in whichever way: it goes
    /// on to another, and the outcome of that one stays unknown. Without [`waits`](Self::waits) it
    /// gives one up by chance, at one in ten tries.
    pub gives_up: u8,
    /// How long a client waits for an answer, from when some node first took its request, before it
    /// gives it up.
    #[serde(default, with = "written::optional", skip_serializing_if = "Option::is_none")]
    pub waits: Option<Span>,
    /// When requests arrive whether or not earlier ones were answered (an open loop). Without, a
    /// client thinks of its next when it has the answer to its last (a closed loop).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<Arrivals>,
    /// Which keys are asked for. Without, each of the scenario's as often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// How often each operation is asked, as weights by name. Without, each of the scenario's as
    /// often.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mix: BTreeMap<String, u32>,
    /// What a client does without an answer. Without, it asks the same request again after as long
    /// as it thinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Retries>,
}

/// When requests arrive in an open loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// At even distances.
    Constant {
        /// From one to the next, at each client.
        #[serde(with = "written")]
        every: Span,
        /// How many of a client's requests may be without an answer at once; the others wait in
        /// line. Each has a session of its own.
        outstanding: u8,
    },
    /// At exponentially distributed distances: a Poisson process.
    Poisson {
        /// From one to the next on average, at each client.
        #[serde(with = "written")]
        every: Span,
        /// As in [`Arrivals::Constant`].
        outstanding: u8,
    },
}

/// Which keys are asked for; keys are numbers from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Keys {
    /// Always the first.
    One,
    /// So many, each as often.
    Uniform {
        /// How many.
        of: u32,
    },
    /// So many, the k-th as often as `1 / k^exponent` (Zipf's law).
    Zipf {
        /// How many.
        of: u32,
        /// The exponent, in thousandths: with 0 each is as frequent, with 1000 the first is twice as
        /// frequent as the second.
        exponent: u32,
    },
    /// So many, of which the first is hot.
    Hot {
        /// How many.
        of: u32,
        /// How many requests in a million are for the first; the rest is even.
        share: u32,
    },
}

/// What a client does without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Retries {
    /// Nothing, until it gives the request up. One that may give up no more asks the same again.
    Never,
    /// It asks the same request again, with the same number: servers may know it again.
    Same(Spacing),
    /// It asks for the same as a new request, with a new number, and gives up the one before: what
    /// became of that one stays unknown.
    Anew(Spacing),
}

/// How long after each try comes the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Spacing {
    /// Always as long.
    Fixed(#[serde(with = "written")] Span),
    /// Twice as long each time.
    Backoff {
        /// After the first try.
        #[serde(with = "written")]
        first: Span,
        /// At most.
        #[serde(with = "written")]
        most: Span,
    },
}

impl Default for Workload {
    /// Three clients, which ask every 200 milliseconds on average and give up nothing.
    fn default() -> Workload {
        Workload {
            clients: 3,
            think: 200.ms(),
            gives_up: 0,
            waits: None,
            arrivals: None,
            keys: None,
            mix: BTreeMap::new(),
            retries: None,
        }
    }
}

impl Workload {
    /// Whether it says no more than how many clients ask, and how often.
    pub(super) fn is_plain(&self) -> bool {
        let Workload { waits, arrivals, keys, mix, retries, .. } = self;
        waits.is_none()
            && arrivals.is_none()
            && keys.is_none()
            && mix.is_empty()
            && retries.is_none()
    }

    /// How many requests may be without an answer at once, over all clients.
    pub(super) fn sessions(&self) -> usize {
        let each = self.arrivals.map_or(1, |arrivals| arrivals.outstanding());
        usize::from(self.clients) * usize::from(each)
    }

    /// What makes no sense in any scenario.
    pub(super) fn mistake(&self) -> Option<String> {
        let arrivals = self.arrivals.map(|arrivals| arrivals.every());
        let spans = [self.waits, arrivals, Some(self.think)];
        let long = spans.into_iter().flatten().find(|span| *span > Latency::MOST);
        let anew = matches!(self.retries, Some(Retries::Anew(_)));
        if let Some(span) = long {
            return Some(format!("{span} is too long; write at most {}", Latency::MOST));
        }
        if let Some(why) = self.arrivals.and_then(Arrivals::mistake) {
            return Some(why);
        }
        if self.think == Span::ZERO {
            return Some(
                "clients that think for 0us ask without end at one moment; write 1us or more"
                    .to_string(),
            );
        }
        if self.waits == Some(Span::ZERO) {
            return Some("a client that waits 0us has given up before it asks".to_string());
        }
        if self.gives_up == 0 && (self.waits.is_some() || anew) {
            let how = if anew { "asking anew gives up the request before" } else { "it waits" };
            return Some(format!("{how}, and gives_up is 0; say how many it gives up at most"));
        }
        if self.retries == Some(Retries::Never) && self.waits.is_none() {
            return Some(
                "a client that never asks again may wait for ever; say how long it waits"
                    .to_string(),
            );
        }
        if !self.mix.is_empty() && self.mix.values().all(|weight| *weight == 0) {
            return Some("all weights of the mix are 0; write 1 or more for one".to_string());
        }
        let keys = self.keys.and_then(Keys::mistake);
        keys.or_else(|| self.retries?.spacing()?.mistake())
    }
}

impl Arrivals {
    /// Requests come no more often: those that find no room wait in line, and take some.
    const LEAST: Span = Span::micros(100);

    /// The mean distance of two arrivals at one client.
    pub fn every(self) -> Span {
        match self {
            Arrivals::Constant { every, .. } | Arrivals::Poisson { every, .. } => every,
        }
    }

    /// How many of a client's requests may be without an answer at once.
    pub fn outstanding(self) -> u8 {
        match self {
            Arrivals::Constant { outstanding, .. } | Arrivals::Poisson { outstanding, .. } => {
                outstanding
            }
        }
    }

    fn mistake(self) -> Option<String> {
        if self.every() < Arrivals::LEAST {
            let (every, least) = (self.every(), Arrivals::LEAST);
            return Some(format!("requests arrive every {every}; write {least} or more"));
        }
        (self.outstanding() == 0)
            .then(|| "0 requests outstanding; write 1 or more for each client".to_string())
    }
}

impl Keys {
    /// The most keys there are.
    const MOST: u32 = 65_536;

    /// How many there are.
    pub fn of(self) -> u32 {
        match self {
            Keys::One => 1,
            Keys::Uniform { of } | Keys::Zipf { of, .. } | Keys::Hot { of, .. } => of,
        }
    }

    fn mistake(self) -> Option<String> {
        match self {
            Keys::Zipf { exponent: 10_001.., .. } => {
                Some("the exponent is in thousandths; write at most 10000".to_string())
            }
            Keys::Hot { share: 1_000_001.., .. } => {
                Some("the share is in a million; write at most 1000000".to_string())
            }
            _ if self.of() == 0 => Some("0 keys; write 1 or more".to_string()),
            _ => (self.of() > Keys::MOST)
                .then(|| format!("{} keys; write at most {}", self.of(), Keys::MOST)),
        }
    }
}

impl Retries {
    /// How long after each try comes the next, if one comes.
    pub(super) fn spacing(self) -> Option<Spacing> {
        match self {
            Retries::Never => None,
            Retries::Same(spacing) | Retries::Anew(spacing) => Some(spacing),
        }
    }
}

impl Spacing {
    /// How long the next try is after that one, counted from 1.
    pub(super) fn after(self, tries: u32) -> Span {
        match self {
            Spacing::Fixed(span) => span,
            Spacing::Backoff { first, most } => (first * (1 << (tries.clamp(1, 32) - 1))).min(most),
        }
    }

    fn mistake(self) -> Option<String> {
        let (first, most) = match self {
            Spacing::Fixed(span) => (span, span),
            Spacing::Backoff { first, most } => (first, most),
        };
        if first == Span::ZERO {
            return Some("tries are 0us apart; write 1us or more".to_string());
        }
        if first > most {
            return Some(format!("first {first} is more than most {most}; swap them"));
        }
        (most > Latency::MOST)
            .then(|| format!("{most} is too long; write at most {}", Latency::MOST))
    }
}

/// A line for each part that it says more of than others.
impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Workload { clients, think, gives_up, waits, arrivals, keys, mix, retries } = self;
        let s = if *clients == 1 { "" } else { "s" };
        write!(f, "{clients} client{s}, asking every {think} on average, ")?;
        match gives_up {
            0 => write!(f, "never giving up")?,
            1 => write!(f, "each giving up once")?,
            _ => write!(f, "each giving up {gives_up} times")?,
        }
        if let Some(waits) = waits {
            write!(f, " after {waits}")?;
        }
        writeln!(f)?;
        if let Some(arrivals) = arrivals {
            writeln!(f, "{arrivals}")?;
        }
        if let Some(keys) = keys {
            writeln!(f, "{keys}")?;
        }
        if !mix.is_empty() {
            let shares: Vec<String> =
                mix.iter().map(|(name, weight)| format!("{name} {weight}")).collect();
            writeln!(f, "operations: {}", shares.join(", "))?;
        }
        retries.map_or(Ok(()), |retries| writeln!(f, "{retries}"))
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (every, outstanding) = (self.every(), self.outstanding());
        let how = if matches!(self, Arrivals::Poisson { .. }) { " on average" } else { "" };
        write!(f, "requests arrive every {every}{how}, {outstanding} outstanding a client")
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Keys::One => f.write_str("one key"),
            Keys::Uniform { of } => write!(f, "{of} keys, each as often"),
            Keys::Zipf { of, exponent } => {
                write!(f, "{of} keys by Zipf's law, exponent {exponent} thousandths")
            }
            Keys::Hot { of, share } => {
                write!(f, "{of} keys, {} % for the first", f64::from(*share) / 10_000.0)
            }
        }
    }
}

impl fmt::Display for Retries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Retries::Never => f.write_str("no request is asked again"),
            Retries::Same(spacing) => write!(f, "the same request is asked again {spacing}"),
            Retries::Anew(spacing) => write!(f, "a request is asked again as a new one {spacing}"),
        }
    }
}

impl fmt::Display for Spacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spacing::Fixed(span) => write!(f, "after {span}"),
            Spacing::Backoff { first, most } => {
                write!(f, "after {first}, then twice as long each time, at most {most}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Plan;

    fn read(workload: &str) -> Result<Plan, crate::simulate::PlanError> {
        Plan::from_toml(&format!("stormy = \"9s\"\nworkload = {{ {workload} }}"))
    }

    #[test]
    fn a_workload_is_read_as_it_is_written_and_says_what_it_is() {
        for (text, expected, words) in [
            ("", Workload::default(), "never giving up\n"),
            (
                "gives_up = 3, waits = \"1.5s\", retries = \"never\"",
                Workload {
                    gives_up: 3,
                    waits: Some(1_500.ms()),
                    retries: Some(Retries::Never),
                    ..Workload::default()
                },
                "giving up 3 times after 1.5s\nno request is asked again\n",
            ),
            (
                "arrivals = { constant = { every = \"10ms\", outstanding = 2 } }, \
                 keys = { zipf = { of = 100, exponent = 900 } }, \
                 retries = { same = { fixed = \"1s\" } }",
                Workload {
                    arrivals: Some(Arrivals::Constant { every: 10.ms(), outstanding: 2 }),
                    keys: Some(Keys::Zipf { of: 100, exponent: 900 }),
                    retries: Some(Retries::Same(Spacing::Fixed(1.s()))),
                    ..Workload::default()
                },
                "requests arrive every 10ms, 2 outstanding a client\n\
                 100 keys by Zipf's law, exponent 900 thousandths\n\
                 the same request is asked again after 1s\n",
            ),
            (
                "gives_up = 9, arrivals = { poisson = { every = \"10ms\", outstanding = 2 } }, \
                 keys = { hot = { of = 5, share = 900000 } }, mix = { read = 9, write = 1 }, \
                 retries = { anew = { backoff = { first = \"1ms\", most = \"1s\" } } }",
                Workload {
                    gives_up: 9,
                    arrivals: Some(Arrivals::Poisson { every: 10.ms(), outstanding: 2 }),
                    keys: Some(Keys::Hot { of: 5, share: 900_000 }),
                    mix: [("read".to_string(), 9), ("write".to_string(), 1)].into(),
                    retries: Some(Retries::Anew(Spacing::Backoff { first: 1.ms(), most: 1.s() })),
                    ..Workload::default()
                },
                "requests arrive every 10ms on average, 2 outstanding a client\n\
                 5 keys, 90 % for the first\n\
                 operations: read 9, write 1\n\
                 a request is asked again as a new one after 1ms, then twice as long each time, at \
                 most 1s\n",
            ),
            (
                "keys = { uniform = { of = 7 } }",
                Workload { keys: Some(Keys::Uniform { of: 7 }), ..Workload::default() },
                "7 keys, each as often\n",
            ),
            (
                "keys = \"one\"",
                Workload { keys: Some(Keys::One), ..Workload::default() },
                "one key\n",
            ),
        ] {
            let plan = read(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(plan.workload, expected, "{text}");
            assert!(plan.workload.to_string().ends_with(words), "{}", plan.workload);
            assert_eq!(Plan::from_toml(&plan.to_toml()).as_ref(), Ok(&plan), "{}", plan.to_toml());
        }
    }

    #[test]
    fn each_mistake_is_told_with_its_line_and_what_to_do() {
        for (text, why) in [
            ("waits = 5", "5 has no unit"),
            ("waits = \"5s\"", "gives_up is 0; say how many"),
            ("gives_up = 1, waits = \"0s\"", "given up before it asks"),
            ("gives_up = 1, waits = \"2m\", retries = \"always\"", "unknown variant `always`"),
            ("retries = \"never\"", "say how long it waits"),
            ("retries = { anew = { fixed = \"1s\" } }", "gives_up is 0"),
            ("retries = { same = { fixed = \"0s\" } }", "0us apart; write 1us or more"),
            ("retries = { same = { backoff = { first = \"2s\", most = \"1s\" } } }", "swap them"),
            ("retries = { same = { fixed = \"61m\" } }", "too long; write at most 3600s"),
            ("gives_up = 1, waits = \"61m\"", "3660s is too long"),
            ("arrivals = { poisson = { every = \"1s\" } }", "missing field `outstanding`"),
            ("arrivals = { poisson = { every = \"0s\", outstanding = 1 } }", "every 0us"),
            ("arrivals = { constant = { every = \"1s\", outstanding = 0 } }", "0 requests out"),
            ("keys = { uniform = { of = 0 } }", "0 keys; write 1 or more"),
            ("keys = { uniform = { of = 70000 } }", "write at most 65536"),
            ("keys = { zipf = { of = 9, exponent = 20000 } }", "write at most 10000"),
            ("keys = { hot = { of = 9, share = 2000000 } }", "write at most 1000000"),
            ("keys = \"two\"", "unknown variant `two`"),
            ("mix = { read = 0, write = 0 }", "all weights of the mix are 0"),
            ("mix = { read = -1 }", "-1"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.why.contains(why), "{text}: {error}");
            assert_eq!(error.line, Some(2), "{text}: {error}");
        }
    }

    #[test]
    fn tries_come_at_even_distances_or_twice_as_far_each_time() {
        let after = |spacing: Spacing| [1, 2, 3, 4, 99].map(|tries| spacing.after(tries));
        assert_eq!(after(Spacing::Fixed(7.ms())), [7.ms(); 5]);
        let backoff = Spacing::Backoff { first: 20.ms(), most: 100.ms() };
        assert_eq!(after(backoff), [20.ms(), 40.ms(), 80.ms(), 100.ms(), 100.ms()]);
    }
}
