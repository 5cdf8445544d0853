//! SWIM through a partition: who thinks whom dead, and how everybody is alive again in the end.
//! `cargo run -p splitbrain-models --example membership`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::{Moment, tell};
use splitbrain::explore::{Limits, reach};
use splitbrain::simulate::{Fault, Latency, Plan, TimedFault, Workload, record};
use splitbrain::{NodeId, Scenario, Undisturbed, Units};
use splitbrain_models::swim::{Swim, SwimModel};

const SUSPICION: &str = "\
A SUSPICION, AND HOW IT IS REFUTED

n0's ping is lost, and so is its request to n2 to ping n1 for it. It suspects n1, and tells n2 along
with its next ping. When it is n1's turn again, n1 hears what it is suspected of.
";

const REFUTED: &str = "\
n1 answers in incarnation 2. What is said of incarnation 1 is over, wherever it may still be on its
way. Had n0 not asked within the two periods for which it suspects, n1 would be dead to it.
";

const PARTITION: &str = "\
A PARTITION, FROM ITS BEGINNING TO ITS END

Four members. For twelve seconds n0 and n1 on one side, n2 and n3 on the other do not hear each
other. Each line is a step at which somebody came to know something. On the right is what each knows
of all: `=` itself, `a` alive, `?` suspected, `x` dead, with the incarnation where it is above 1.
";

const HEALED: &str = "\
What to look at:

- Each side comes to the same view, though only one of its members may have asked: a suspicion
  travels along with pings and acks, and so does a death.
- No side is right. SWIM tells who can be reached, not who is up; whoever needs one side only to go
  on must ask for a majority.
- After the partition a member that was thought dead is pinged in its turn, hears so in that very
  ping, and refutes it. One ping across is enough for that pair; gossip does the rest.
- Nobody is left with an old view: a death in incarnation 1 cannot undo a word of incarnation 2,
  whichever comes last.";

fn main() -> Result<(), String> {
    let patient = scenario("patient", &[])?;
    let steps = reach(&patient, "refutation-heard", &Limits::default(), &mut Undisturbed)?;
    let story = tell(&patient, &steps, None);
    println!("{SUSPICION}\n{}\n{REFUTED}\n\n{PARTITION}", story.to_text());

    let storm = scenario("storm", &[])?;
    let (outcome, steps) = record(&storm, &plan(), (1, 0), None);
    if let Some(violation) = outcome.violation {
        return Err(violation.reason);
    }
    let mut views = Views::new();
    println!("{:>5}  {:<42} {}", "", "", views.heads());
    for step in &tell(&storm, &steps, None).steps {
        if let Some(news) = views.take(step) {
            println!("{:>5}  {news:<42} {}", step.number, views.rows());
        }
    }
    println!("\n{HEALED}");
    Ok(())
}

fn scenario(name: &str, settings: &[(&str, u64)]) -> Result<Scenario<Swim>, String> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&SwimModel, name, None, &given).map_err(|misfit| misfit.to_string())
}

/// Two and two, from 2 s to 14 s.
fn plan() -> Plan {
    let split = Fault::Split(vec![NodeId(0), NodeId(1)]);
    Plan {
        stormy: 15.s(),
        latency: Latency::Uniform { least: 1.ms(), most: 5.ms() },
        loss: 0,
        duplication: 0,
        network: None,
        workload: Workload { clients: 0, think: 1.s(), gives_up: 0, ..Workload::default() },
        clocks: Vec::new(),
        faults: vec![TimedFault { at: 2.s(), lasts: 12.s(), fault: split }],
    }
}

/// What each of four members knows of all: a letter and an incarnation.
struct Views([[(char, u32); 4]; 4]);

impl Views {
    fn new() -> Views {
        let of = |me: usize| std::array::from_fn(|at| (if at == me { '=' } else { 'a' }, 1));
        Views(std::array::from_fn(of))
    }

    /// Takes up what a step told, and says it in words.
    fn take(&mut self, step: &Moment) -> Option<String> {
        let said: Vec<String> =
            step.events.iter().filter_map(|event| self.take_event(step.node, event)).collect();
        (!said.is_empty()).then(|| format!("n{} {}", step.node, said.join(", ")))
    }

    /// `News(n1, suspect@1)`, `Refutes(Incarnation(2))`.
    fn take_event(&mut self, node: usize, event: &str) -> Option<String> {
        if let Some(rest) = event.strip_prefix("Refutes(Incarnation(") {
            let incarnation = rest.trim_end_matches(')').parse().ok()?;
            self.0[node][node].1 = incarnation;
            return Some(format!("refutes as @{incarnation}"));
        }
        let (of, record) = event.strip_prefix("News(n")?.trim_end_matches(')').split_once(", ")?;
        let (status, incarnation) = record.split_once('@')?;
        let letter = match status {
            "alive" => 'a',
            "suspect" => '?',
            "dead" => 'x',
            _ => '-',
        };
        self.0[node][of.parse::<usize>().ok()?] = (letter, incarnation.parse().ok()?);
        Some(format!("n{of} {record}"))
    }

    fn heads(&self) -> String {
        (0..4)
            .map(|node| format!("n{node}{}", " ".repeat(12)))
            .collect::<String>()
            .trim_end()
            .into()
    }

    fn rows(&self) -> String {
        let known = |(letter, incarnation): &(char, u32)| match incarnation {
            1 => format!("{letter}  "),
            more => format!("{letter}{more} "),
        };
        let row = |row: &[(char, u32); 4]| row.iter().map(known).collect::<String>();
        self.0.iter().map(row).collect::<Vec<_>>().join("  ").trim_end().to_string()
    }
}
