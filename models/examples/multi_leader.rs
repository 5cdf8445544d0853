//! Two leaders take conflicting writes; four ways to settle that, and how a third leader catches
//! up. `cargo run -p splitbrain-models --example multi_leader`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::{Story, tell};
use splitbrain::explore::{Limits, way};
use splitbrain::{Node, NodeId, Nodes, Shared, Undisturbed, follow_all};
use splitbrain_models::multi_leader::{Leader, MultiLeader, MultiLeaderModel};

const BEFORE: &str = "\
A CONFLICT BETWEEN LEADERS

paris, berlin and rome each take writes of one key. While the lines are down a user in paris saves
twice, and so does one in berlin. Then paris's updates reach berlin: a conflict. The user in berlin
opens the key again and saves a third time. rome has heard of nothing, and compares itself with
berlin. n0.2 is the second write that paris (n0) took.
";

const AFTER: &str = "\
What to look at:

- berlin knows that n0.2 and n1.2 conflict since neither user had seen the other's: n0.2 replaces
  what is in [n0:1], and n1.2 what is in [n1:1].
- As siblings, both stay until a user who was shown both has saved, and what that one says is all
  that is left.
- By a rule paris's users go first: the user in berlin is shown both, and goes on from what paris's
  says. The words of berlin's own are gone, by the hand of somebody who was shown them.
- Merged, nothing is ever replaced: the last write has all the words of the earlier ones.
- Where the last writer wins both have time 2, and berlin is after paris. n0.2 is lost, and whoever
  notices tells so: it is the last that anybody hears of it.
- rome compares vectors, and is sent berlin's versions: one message for five writes. It never asks
  what became of the other four: its vector says that it has seen them.

How siblings fare, step by step:
";

fn main() -> Result<(), String> {
    println!("{BEFORE}");
    for scenario in ["siblings", "custom", "merge", "last-writer"] {
        let (story, nodes) = run(scenario)?;
        println!("{scenario}:");
        for step in &story.steps {
            let told = step.events.iter().filter(|told| {
                told.starts_with("Loses") || (told.starts_with("Opens") && told.contains(".2"))
            });
            told.for_each(|told| println!("  {} tells {told}", story.nodes[step.node]));
        }
        for (leader, name) in nodes.iter().zip(&story.nodes) {
            println!("  {name:6} has {} at {}", words(&leader.state), leader.state.seen);
        }
        println!();
    }
    println!("{AFTER}");
    println!("{}", run("siblings")?.0.to_text());
    Ok(())
}

/// What a leader has of the key, and what that says.
fn words(leader: &Leader) -> String {
    let versions = leader.values.iter().flatten();
    let told = versions.map(|one| match one.items.len() {
        1 => one.dot.to_string(),
        _ => format!("{}, which says {:?},", one.dot, one.items),
    });
    told.collect::<Vec<_>>().join(" and ")
}

/// The leaders at the end of a run.
type Leaders = Vec<Shared<Node<MultiLeader>>>;

/// The run, and where it ends.
fn run(scenario: &str) -> Result<(Story, Leaders), String> {
    let settings = [("writers", 2), ("saves", 3), ("exchanges", 1)];
    let settings = BTreeMap::from(settings.map(|(name, value)| (name.to_string(), value)));
    let built =
        build(&MultiLeaderModel, scenario, None, &settings).map_err(|misfit| misfit.to_string())?;
    let scenario = built
        .names(&["paris", "berlin", "rome"])
        .waypoint("paris has taken a write", |_, nodes| seen(nodes) == [[1, 0], [0, 0], [0, 0]])
        .waypoint("paris has taken another", |_, nodes| seen(nodes) == [[2, 0], [0, 0], [0, 0]])
        .waypoint("berlin has taken a write", |_, nodes| seen(nodes) == [[2, 0], [0, 1], [0, 0]])
        .waypoint("berlin has taken another", |_, nodes| seen(nodes) == [[2, 0], [0, 2], [0, 0]])
        .waypoint("berlin hears of paris", |_, nodes| seen(nodes) == [[2, 0], [2, 2], [0, 0]])
        .waypoint("berlin has settled it", |_, nodes| seen(nodes) == [[2, 0], [2, 3], [0, 0]])
        .waypoint("rome has seen it all", |_, nodes| seen(nodes) == [[2, 0], [2, 3], [2, 3]])
        .waypoint("paris has seen it all", |_, nodes| seen(nodes) == [[2, 3], [2, 3], [2, 3]]);
    let steps = way(&scenario, &Limits::default(), &mut Undisturbed)?;
    let nodes = follow_all(&scenario, &steps)?.world.nodes.to_vec();
    Ok((tell(&scenario, &steps, None), nodes))
}

/// How many of the writes of paris and of berlin each leader has seen.
fn seen(nodes: &Nodes<MultiLeader>) -> Vec<[u32; 2]> {
    nodes.iter().map(|node| [0, 1].map(|of| node.state.seen.get(NodeId(of)))).collect()
}
