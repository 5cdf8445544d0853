//! The pictures of docs/simulation.md, drawn from what partitions cut, networks link and latencies
//! draw.
//!
//! `UPDATE_PICTURES=1 cargo test --lib drawn` draws them anew.

use std::f64::consts::TAU;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::latency::Latency;
use super::plan::Fault;
use super::topology::{Link, Network, Topology};
use crate::protocol::NodeId;
use crate::random::{Purpose, stream};
use crate::time::{Span, Units};

/// A panel is a square of that side, and a title below.
const SIDE: f64 = 132.0;
const TITLE: f64 = 30.0;

/// Several panels side by side, in rows of so many.
struct Panels {
    across: usize,
    drawn: Vec<String>,
    said: Vec<String>,
}

impl Panels {
    fn across(across: usize) -> Panels {
        Panels { across, drawn: Vec::new(), said: Vec::new() }
    }

    fn add(&mut self, title: &str, inside: &str) {
        let (row, column) = (self.drawn.len() / self.across, self.drawn.len() % self.across);
        let (x, y) = (column as f64 * SIDE, row as f64 * (SIDE + TITLE));
        let (middle, below) = (SIDE / 2.0, SIDE + 12.0);
        self.drawn.push(format!(
            "<g transform=\"translate({x:.0} {y:.0})\">\n{inside}<text class=\"title\" \
             x=\"{middle:.0}\" y=\"{below:.0}\">{title}</text>\n</g>\n"
        ));
        self.said.push(title.to_string());
    }

    /// All of them as one file, light or dark as the reader prefers.
    fn finish(self, what: &str) -> String {
        let rows = self.drawn.len().div_ceil(self.across) as f64;
        let (width, height) = (self.across as f64 * SIDE, rows * (SIDE + TITLE));
        let said = format!("{what}: {}", self.said.join(", "));
        let style = "svg { --ink: #24292f; --paper: #ffffff; --quiet: #b6bec8; --open: #2563eb; \
                     background: var(--paper); } @media (prefers-color-scheme: dark) { svg { --ink: \
                     #e6edf3; --paper: #0d1117; --quiet: #4b5563; --open: #79b8ff; } } text { fill: \
                     var(--ink); font: 12px sans-serif; text-anchor: middle; } .title { font-size: 13px; } \
                     .open { stroke: var(--open); stroke-width: 2; } .head { fill: var(--open); } .cut { \
                     stroke: var(--quiet); stroke-width: 1.2; stroke-dasharray: 2 4; } .node { fill: \
                     var(--paper); stroke: var(--ink); stroke-width: 1.5; } .mass { fill: var(--open); } \
                     .axis { stroke: var(--quiet); } .tick { font-size: 10px; }";
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
             width=\"{width:.0}\" role=\"img\" aria-label=\"{said}\">\n<style>{style}</style>\n{}</svg>\n",
            self.drawn.concat()
        )
    }
}

/// Nodes around a circle. Where messages get through both ways there is a line, where they do in
/// one, an arrow, and where they do in neither, as `faint` says, a dotted line or nothing.
fn graph(nodes: u8, faint: bool, reaches: impl Fn(NodeId, NodeId) -> bool) -> String {
    let place = |node: u8| {
        let turn = TAU * (f64::from(node) / f64::from(nodes) - 0.25);
        (SIDE / 2.0 + 46.0 * turn.cos(), SIDE / 2.0 + 46.0 * turn.sin())
    };
    let mut drawn = String::new();
    let mut line = |class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)| {
        let _ = writeln!(
            drawn,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    };
    let mut heads = String::new();
    for low in 0..nodes {
        for high in low + 1..nodes {
            let (there, back) =
                (reaches(NodeId(low), NodeId(high)), reaches(NodeId(high), NodeId(low)));
            match (there, back) {
                (true, true) => line("open", place(low), place(high)),
                (false, false) if faint => line("cut", place(low), place(high)),
                (false, false) => {}
                (there, _) => {
                    let (from, to) = if there { (low, high) } else { (high, low) };
                    line("open", place(from), place(to));
                    heads.push_str(&head(place(from), place(to)));
                }
            }
        }
    }
    drawn.push_str(&heads);
    for node in 0..nodes {
        let (x, y) = place(node);
        let _ = writeln!(
            drawn,
            "<circle class=\"node\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"12\"/><text x=\"{x:.1}\" \
             y=\"{:.1}\">n{node}</text>",
            y + 4.0
        );
    }
    drawn
}

/// The head of an arrow that ends at the rim of a node.
fn head((x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> String {
    let long = (x2 - x1).hypot(y2 - y1);
    let (dx, dy) = ((x2 - x1) / long, (y2 - y1) / long);
    let (tip, base) = ((x2 - 12.0 * dx, y2 - 12.0 * dy), (x2 - 22.0 * dx, y2 - 22.0 * dy));
    format!(
        "<path class=\"head\" d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z\"/>\n",
        tip.0,
        tip.1,
        base.0 - 5.0 * dy,
        base.1 + 5.0 * dx,
        base.0 + 5.0 * dy,
        base.1 - 5.0 * dx
    )
}

/// How many of a hundred thousand draws take how long, up to forty milliseconds.
fn distribution(latency: &Latency) -> String {
    let mut draws = stream(1, 0, Purpose::Run);
    let mut many = [0_u32; 40];
    for _ in 0..100_000 {
        let taken = (latency.draw(&mut draws) / 1_000) as usize;
        if let Some(many) = many.get_mut(taken) {
            *many += 1;
        }
    }
    let most = f64::from(*many.iter().max().expect("forty of them"));
    let (floor, wide) = (SIDE - 24.0, (SIDE - 12.0) / 40.0);
    let mut drawn = String::new();
    for (at, many) in many.iter().enumerate().filter(|(_, many)| **many > 0) {
        let high = (f64::from(*many) / most * (floor - 10.0)).max(0.5);
        let _ = writeln!(
            drawn,
            "<rect class=\"mass\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{high:.1}\"/>",
            6.0 + at as f64 * wide,
            floor - high,
            wide - 0.4
        );
    }
    let _ = writeln!(
        drawn,
        "<line class=\"axis\" x1=\"6\" y1=\"{floor}\" x2=\"{:.0}\" y2=\"{floor}\"/>",
        SIDE - 6.0
    );
    for tick in [0, 10, 20, 30] {
        let x = 6.0 + f64::from(tick) * wide;
        let _ = writeln!(
            drawn,
            "<text class=\"tick\" x=\"{x:.1}\" y=\"{}\">{tick}</text>",
            floor + 13.0
        );
    }
    drawn
}

fn holds(name: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/charts/{name}.svg"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::write(&path, drawn).expect("the picture is written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "docs/charts/{name}.svg is another; see this file's first lines");
}

#[test]
fn the_picture_of_partitions_is_what_they_cut() {
    let circle: Vec<NodeId> = (0..5).map(NodeId).collect();
    let mut panels = Panels::across(5);
    for (title, fault) in [
        ("isolate n0", Fault::Isolate(NodeId(0))),
        ("split n0, n1 off", Fault::minority(5, NodeId(0))),
        ("bridge n2", Fault::Bridge { side: vec![NodeId(0), NodeId(1)], bridge: NodeId(2) }),
        ("ring of majorities", Fault::ring_of_majorities(circle)),
        ("one way", Fault::OneWay { from: NodeId(0), to: NodeId(1) }),
    ] {
        panels.add(title, &graph(5, true, |from, to| !fault.cuts(from, to)));
    }
    holds("partitions", &panels.finish("What each partition of five nodes leaves"));
}

#[test]
fn the_picture_of_networks_is_where_they_have_links() {
    let mut panels = Panels::across(5);
    let link = || Link::taking(Latency::Constant(1.ms()));
    let racks = Topology::Racks {
        nodes: 3,
        racks: 1,
        datacentre: Box::new(link()),
        between: Box::new(Link::taking(Latency::Constant(40.ms()))),
    };
    for (title, topology) in [
        ("mesh", Topology::Mesh),
        ("ring", Topology::Ring),
        ("star", Topology::Star(NodeId(0))),
        ("tree", Topology::Tree(2)),
        ("two racks", racks),
    ] {
        let network = Network { topology, link: link(), special: Vec::new() };
        // Those that take longer are drawn faintly.
        let near = |from, to| {
            let (link, _) = network.link(6, from, to)?;
            Some(link.latency == Latency::Constant(1.ms()))
        };
        let faint = (0..6).any(|to| near(NodeId(0), NodeId(to)) == Some(false));
        panels.add(title, &graph(6, faint, |from, to| near(from, to) == Some(true)));
    }
    holds("networks", &panels.finish("Where networks of six nodes have links"));
}

#[test]
fn the_picture_of_latencies_is_how_they_are_drawn() {
    let measured = [(0, 4), (500, 6), (900, 12), (990, 36), (1_000, 60)];
    let measured = measured.map(|(permille, within)| (permille, Span::millis(within)));
    let mut panels = Panels::across(4);
    for (title, latency) in [
        ("constant, 10 ms", Latency::Constant(10.ms())),
        ("uniform, 5 to 15 ms", Latency::Uniform { least: 5.ms(), most: 15.ms() }),
        ("exponential, 2 + 8 ms", Latency::Exponential { least: 2.ms(), rest: 8.ms() }),
        ("spiky, 3 and 30 ms", Latency::Spiky { usual: 3.ms(), slow: 30.ms() }),
        ("normal, 10 ± 3 ms", Latency::Normal { mean: 10.ms(), spread: 3.ms(), least: 1.ms() }),
        ("log-normal, 8 ms, 0.5", Latency::LogNormal { median: 8.ms(), spread: 500 }),
        ("Pareto, 5 ms, 1.16", Latency::Pareto { least: 5.ms(), shape: 1_160 }),
        ("as measured", Latency::measured(&measured)),
    ] {
        panels.add(title, &distribution(&latency));
    }
    holds("latencies", &panels.finish("How long messages take, in milliseconds"));
}
