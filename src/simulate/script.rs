//! Plans as people write them, in TOML.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;
use toml::ser::ValueSerializer;

use super::fits::{Part, PlanError, most_clients};
use super::latency::Latency;
use super::plan::{ClockError, Fault, Plan, TimedFault, Workload};
use super::topology::Network;
use super::written;
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::time::Span;

/// A plan as it is written. What is left out is as in [`Plan::calm`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    #[serde(with = "written")]
    stormy: Span,
    latency: Option<Spanned<Latency>>,
    #[serde(default)]
    loss: u32,
    #[serde(default)]
    duplication: u32,
    network: Option<Spanned<Named>>,
    #[serde(default)]
    workload: Clients,
    #[serde(default)]
    clocks: Vec<Spanned<ClockError>>,
    #[serde(default)]
    faults: Vec<Spanned<Repeated>>,
}

/// A [`Workload`] of which nothing need be said.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clients {
    clients: Option<u8>,
    think: Option<Think>,
    #[serde(default)]
    gives_up: u8,
}

#[derive(Deserialize)]
struct Think(#[serde(with = "written")] Span);

/// A fault, once or several times.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Repeated {
    #[serde(with = "written")]
    at: Span,
    #[serde(with = "written")]
    lasts: Span,
    fault: Fault,
    repeat: Option<Repeat>,
}

/// How often, and at what distance from begin to begin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Repeat {
    times: u32,
    #[serde(with = "written")]
    every: Span,
}

/// A network, or the name of one.
struct Named(Network);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Named, D::Error> {
        from.deserialize_any(NameOrNetwork)
    }
}

struct NameOrNetwork;

impl<'de> Visitor<'de> for NameOrNetwork {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a network, or the name of one such as \"satellite\"")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Named, E> {
        Network::preset(name).map(Named).ok_or_else(|| {
            let names = Network::PRESETS.join(", ");
            E::custom(format!("there is no network `{name}`; choose one of: {names}"))
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
        Network::deserialize(MapAccessDeserializer::new(map)).map(Named)
    }
}

/// The most faults that a plan has.
const MOST_FAULTS: usize = 10_000;

/// A plan that was read, and on which lines its parts are.
struct Read {
    plan: Plan,
    /// Whether it says how many clients there are.
    says_clients: bool,
    latency: Option<usize>,
    network: Option<usize>,
    clocks: Vec<usize>,
    faults: Vec<usize>,
}

impl Read {
    fn of(text: &str) -> Result<Read, PlanError> {
        let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
        let script: Script = toml::from_str(text).map_err(|error| PlanError {
            line: error.span().map(|span| line(span.start)),
            why: format!(
                "{}; `splitbrain simulate MODEL --print-plan` shows how plans are written",
                error.message().trim_end().replace('\n', ", ")
            ),
        })?;
        let mut plan = Plan::calm(script.stormy);
        (plan.loss, plan.duplication) = (script.loss, script.duplication);
        let calm = Workload::default();
        let Clients { clients, think, gives_up } = script.workload;
        plan.workload = Workload {
            clients: clients.unwrap_or(calm.clients),
            think: think.map_or(calm.think, |Think(span)| span),
            gives_up,
        };
        let mut read = Read {
            plan,
            says_clients: clients.is_some(),
            latency: script.latency.as_ref().map(|latency| line(latency.span().start)),
            network: script.network.as_ref().map(|network| line(network.span().start)),
            clocks: script.clocks.iter().map(|clock| line(clock.span().start)).collect(),
            faults: Vec::new(),
        };
        if let Some(latency) = script.latency {
            read.plan.latency = latency.into_inner();
        }
        read.plan.network = script.network.map(|network| network.into_inner().0);
        read.plan.clocks = script.clocks.into_iter().map(Spanned::into_inner).collect();
        let mut faults: Vec<(usize, TimedFault)> = Vec::new();
        for repeated in script.faults {
            let line = line(repeated.span().start);
            let Repeated { at, lasts, fault, repeat } = repeated.into_inner();
            let Repeat { times, every } = repeat.unwrap_or(Repeat { times: 1, every: Span::ZERO });
            if times == 0 {
                let why = "it is repeated 0 times; leave it out".to_string();
                return Err(PlanError { line: Some(line), why });
            }
            if faults.len() + times as usize > MOST_FAULTS {
                let why = format!("a plan has at most {MOST_FAULTS} faults; repeat it less often");
                return Err(PlanError { line: Some(line), why });
            }
            let again = TimedFault { at, lasts, fault }.again(times, every);
            faults.extend(again.into_iter().map(|timed| (line, timed)));
        }
        faults.sort_by_key(|(_, timed)| timed.at);
        (read.faults, read.plan.faults) = faults.into_iter().unzip();
        read.checked(read.plan.mistake())?;
        Ok(read)
    }

    fn checked(&self, found: Option<(Part, String)>) -> Result<(), PlanError> {
        let Some((part, why)) = found else { return Ok(()) };
        let line = match part {
            Part::Whole => None,
            Part::Latency => self.latency,
            Part::Network => self.network,
            Part::Clock(index) => self.clocks.get(index).copied(),
            Part::Fault(index) => self.faults.get(index).copied(),
        };
        Err(PlanError { line, why })
    }
}

impl Plan {
    /// Reads a plan that is written in TOML. What is left out is as in [`Plan::calm`].
    ///
    /// ```
    /// use splitbrain::simulate::Plan;
    ///
    /// let plan = Plan::from_toml(
    ///     r#"
    ///     stormy = "20s"
    ///     latency = { uniform = { least = "1ms", most = "5ms" } }
    ///     network = "internet"
    ///
    ///     [[faults]]
    ///     at = "2s"
    ///     lasts = "500ms"
    ///     fault = { isolate = "n0" }
    ///     repeat = { times = 3, every = "1s" }
    ///     "#,
    /// );
    /// assert_eq!(plan.expect("a plan").faults.len(), 3);
    /// ```
    ///
    /// # Errors
    /// It is no TOML, has what no plan has, lacks what every plan has, or makes no sense in any
    /// scenario.
    pub fn from_toml(text: &str) -> Result<Plan, PlanError> {
        Read::of(text).map(|read| read.plan)
    }

    /// Reads a plan for that scenario. Where it does not say how many clients there are, there are
    /// no more than the scenario has.
    ///
    /// # Errors
    /// As [`Plan::from_toml`], or it does not fit the scenario ([`Plan::fits`]).
    pub fn from_toml_for<P: Protocol>(
        text: &str,
        scenario: &Scenario<P>,
    ) -> Result<Plan, PlanError> {
        let mut read = Read::of(text)?;
        if let Some(most) = most_clients(scenario).filter(|_| !read.says_clients) {
            read.plan.workload.clients = read.plan.workload.clients.min(most);
        }
        read.checked(read.plan.misfit(scenario))?;
        Ok(read.plan)
    }

    /// The plan in TOML, as [`Plan::from_toml`] reads it.
    pub fn to_toml(&self) -> String {
        let Plan { stormy, latency, loss, duplication, network, workload, clocks, faults } = self;
        let mut text = format!("stormy = \"{stormy}\"\nlatency = {}\n", inline(latency));
        text.push_str(&format!("loss = {loss}\nduplication = {duplication}\n"));
        if let Some(network) = network {
            text.push_str(&format!("network = {}\n", inline(network)));
        }
        text.push_str(&format!("workload = {}\n", inline(workload)));
        for ClockError { node, offset, drift } in clocks {
            let offset = inline(&Signed(*offset));
            text.push_str("\n[[clocks]]\n");
            text.push_str(&format!("node = \"{node}\"\noffset = {offset}\ndrift = {drift}\n"));
        }
        for TimedFault { at, lasts, fault } in faults {
            text.push_str("\n[[faults]]\n");
            text.push_str(&format!("at = \"{at}\"\nlasts = \"{lasts}\"\n"));
            text.push_str(&format!("fault = {}\n", inline(fault)));
        }
        text
    }
}

#[derive(Serialize)]
struct Signed(#[serde(with = "written::signed")] i64);

/// A value on one line.
fn inline(value: &impl Serialize) -> String {
    let mut text = String::new();
    value.serialize(ValueSerializer::new(&mut text)).expect("plans are plain data");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::NodeId;
    use crate::simulate::{Link, Loss, SpecialLink, Topology};
    use crate::time::Units;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    /// A plan with every kind of fault, latency and topology there is, as far as one has room.
    fn full(latency: Latency, topology: Topology) -> Plan {
        let link = Link {
            latency: latency.clone(),
            loss: Loss::Bursty { begins: 1, ends: 2, within: 3, between: 4 },
            duplication: 5,
            per_second: 6,
            fifo: true,
        };
        let special = SpecialLink { from: A, to: B, link: Link::taking(latency.clone()) };
        let faults = [
            Fault::Isolate(A),
            Fault::Split(vec![A, B]),
            Fault::Bridge { side: vec![A], bridge: B },
            Fault::OneWay { from: A, to: B },
            Fault::Circle { nodes: vec![A, B], reach: 1 },
            Fault::SlowNode { node: A, times: 3 },
            Fault::SlowLink { from: A, to: B, times: 3 },
            Fault::Pause(A),
            Fault::Crash(A),
            Fault::Wipe(A),
            Fault::PowerCut(A),
            Fault::Jump { node: A, by: -1_500 },
            Fault::Stuck(A),
            Fault::Smear { node: A, by: 2_000_000 },
        ];
        Plan {
            latency,
            loss: 7,
            duplication: 8,
            network: Some(Network { topology, link, special: vec![special] }),
            workload: Workload { clients: 2, think: 1_500.us(), gives_up: 9 },
            clocks: vec![ClockError { node: B, offset: -3_000, drift: -200 }],
            ..Plan::calm(20.s())
        }
        .with(faults.map(|fault| TimedFault { at: 1_250.ms(), lasts: 7.us(), fault }))
    }

    #[test]
    fn a_plan_is_read_as_it_is_written() {
        let link = || Box::new(Link::taking(Latency::Constant(9.ms())));
        let latencies = [
            Latency::Constant(1.ms()),
            Latency::Uniform { least: 1.ms(), most: 9.ms() },
            Latency::Exponential { least: 1.ms(), rest: 4.ms() },
            Latency::Spiky { usual: 2.ms(), slow: 40.ms() },
            Latency::Normal { mean: 10.ms(), spread: 4.ms(), least: 5.ms() },
            Latency::LogNormal { median: 10.ms(), spread: 500 },
            Latency::Pareto { least: 10.ms(), shape: 3_000 },
            Latency::measured(&[(0, 1.ms()), (1_000, 100.ms())]),
        ];
        let topologies = [
            Topology::Mesh,
            Topology::Ring,
            Topology::Star(B),
            Topology::Tree(2),
            Topology::Racks { nodes: 2, racks: 3, datacentre: link(), between: link() },
            Topology::Regions(vec![vec![0.ms(), 1.ms()], vec![2.ms(), 0.ms()]]),
            Topology::Ring,
            Topology::Mesh,
        ];
        for (latency, topology) in latencies.into_iter().zip(topologies) {
            let plan = full(latency, topology);
            let text = plan.to_toml();
            assert_eq!(Plan::from_toml(&text).as_ref(), Ok(&plan), "{text}");
            let bare = Plan { network: None, ..plan };
            assert_eq!(Plan::from_toml(&bare.to_toml()), Ok(bare));
        }
    }

    #[test]
    fn what_is_written_looks_as_one_would_write_it() {
        let plan = Plan::calm(20.s()).fault(1_500.ms(), 2.s(), Fault::Isolate(A)).clock_step(
            3.s(),
            B,
            -2_000,
        );
        let expected = "stormy = \"20s\"\n\
                        latency = { constant = \"1ms\" }\n\
                        loss = 0\n\
                        duplication = 0\n\
                        workload = { clients = 3, think = \"200ms\", gives_up = 0 }\n\
                        \n\
                        [[faults]]\n\
                        at = \"1.5s\"\n\
                        lasts = \"2s\"\n\
                        fault = { isolate = \"n0\" }\n\
                        \n\
                        [[faults]]\n\
                        at = \"3s\"\n\
                        lasts = \"0us\"\n\
                        fault = { smear = { node = \"n1\", by = \"-2ms\" } }\n";
        assert_eq!(plan.to_toml(), expected);
    }

    #[test]
    fn what_is_left_out_is_calm_and_what_repeats_is_several() {
        assert_eq!(Plan::from_toml("stormy = \"9s\""), Ok(Plan::calm(9.s())));
        let text = r#"
            stormy = "9s"
            network = "3g"
            workload = { think = "5ms" }
            [[faults]]
            at = "5s"
            lasts = "1s"
            fault = { pause = "n1" }
            [[faults]]
            at = "1s"
            lasts = "100ms"
            fault = { isolate = "n0" }
            repeat = { times = 2, every = "300ms" }
        "#;
        let plan = Plan::from_toml(text).expect("a plan");
        let calm = Plan {
            network: Network::preset("3g"),
            workload: Workload { think: 5.ms(), ..Workload::default() },
            ..Plan::calm(9.s())
        };
        let flapping = calm.flapping(1.s(), Fault::Isolate(A), [100.ms(), 200.ms()], 2);
        assert_eq!(plan, flapping.fault(5.s(), 1.s(), Fault::Pause(B)));
    }

    #[test]
    fn each_mistake_is_told_with_its_line_and_what_to_do() {
        let fault = |fault: &str| {
            format!("stormy = \"9s\"\n\n[[faults]]\nat = \"1s\"\nlasts = \"1s\"\nfault = {fault}\n")
        };
        let table: [(String, Option<usize>, &[&str]); 29] = [
            ("".into(), Some(1), &["missing field `stormy`", "--print-plan"]),
            ("stormy = ".into(), Some(1), &["--print-plan"]),
            ("stormy = \"9 s\"".into(), Some(1), &["no span of time", "write \"150ms\""]),
            ("stormy = true".into(), Some(1), &["expected a span of time such as"]),
            ("stormy = -5".into(), Some(1), &["-5 has no unit"]),
            ("stormy = 20".into(), Some(1), &["20 has no unit", "write \"20ms\", \"20s\""]),
            ("stormy = \"9s\"\nfault = 1".into(), Some(2), &["unknown field `fault`, expected"]),
            ("stormy = \"9s\"\nloss = -1".into(), Some(2), &["-1"]),
            ("stormy = \"9s\"\nloss = 2000000".into(), None, &["2000000 in a million", "write"]),
            (
                "stormy = \"9s\"\nlatency = { sometimes = \"1ms\" }".into(),
                Some(2),
                &["unknown variant `sometimes`", "`constant`"],
            ),
            (
                "stormy = \"9s\"\n\nlatency = { uniform = { least = \"9ms\", most = \"1ms\" } }"
                    .into(),
                Some(3),
                &["swap them"],
            ),
            (
                "stormy = \"9s\"\nnetwork = \"pigeon\"".into(),
                Some(2),
                &["no network `pigeon`", "satellite"],
            ),
            (
                "stormy = \"9s\"\nnetwork = { topology = \"ring\" }".into(),
                Some(2),
                &["missing field `link`"],
            ),
            (
                "stormy = \"9s\"\nnetwork = { topology = { tree = 0 }, link = { latency = { \
                 constant = \"1ms\" } } }"
                    .into(),
                Some(2),
                &["at least 1 child"],
            ),
            (fault("{ isolat = \"n0\" }"), Some(6), &["unknown variant `isolat`", "`isolate`"]),
            (fault("{ isolate = \"0\" }"), Some(6), &["`0` is no node: write n0"]),
            (fault("{ one_way = { from = \"n0\" } }"), Some(6), &["missing field `to`"]),
            (
                fault("{ one_way = { from = \"n0\", to = \"n0\" } }"),
                Some(3),
                &["no link from n0 to itself"],
            ),
            (
                fault("{ slow_node = { node = \"n0\", times = 0 } }"),
                Some(3),
                &["0 times as long", "write 2 or more"],
            ),
            (
                fault("{ jump = { node = \"n0\", by = \"soon\" } }"),
                Some(6),
                &["`soon` is no span", "-3ms"],
            ),
            (
                fault("{ jump = { node = \"n0\", by = \"-90m\" } }"),
                Some(3),
                &["5400s is too far; write at most 3600s"],
            ),
            (
                "stormy = \"9s\"\n[[clocks]]\nnode = \"n0\"\ndrift = -1000000".into(),
                Some(2),
                &["a drift of -1000000 is too much"],
            ),
            (
                "stormy = \"9s\"\n[[clocks]]\nnode = \"n0\"\noffset = \"2h\"".into(),
                Some(4),
                &["no span of time"],
            ),
            (fault("{ pause = \"n0\" }\nrepeat = 3"), Some(7), &["expected struct Repeat"]),
            (
                fault("{ pause = \"n0\" }").replace("at = \"1s", "at = \"9s"),
                Some(3),
                &["over at 9s"],
            ),
            (
                fault("{ pause = \"n0\" }").replace("lasts = \"1", "lasts = \"0"),
                Some(3),
                &["no time"],
            ),
            (
                fault("{ pause = \"n0\" }\nrepeat = { times = 0, every = \"1s\" }"),
                Some(3),
                &["0 times; leave it out"],
            ),
            (
                fault("{ pause = \"n0\" }\nrepeat = { times = 20000, every = \"1ms\" }"),
                Some(3),
                &["at most 10000 faults"],
            ),
            (
                "stormy = \"9s\"\n[[faults]]\nat = \"1s\"\nfault = { pause = \"n0\" }".into(),
                Some(2),
                &["missing field `lasts`"],
            ),
        ];
        for (text, line, parts) in table {
            let error = Plan::from_toml(&text).expect_err(&text);
            assert_eq!(error.line, line, "{text}\n{error}");
            for part in parts {
                assert!(error.to_string().contains(part), "{text}\n{error}\nlacks {part}");
            }
        }
    }
}
