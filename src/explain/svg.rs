//! The space-time diagram as SVG: one file that needs nothing else, good enough for a slide.
//!
//! Every step has a band of its own, and only its own texts stand in it: no two texts ever meet.
//! Arrows slant from where a message was sent to where it arrived, and pass below texts.

use std::cmp::Ordering;

use super::shape::{folded, shortened};
use super::sheet::{Anchor, Point, Sheet, columns_in, width_of};
use super::story::{Ending, Kind, Moment, Sent, Story};
use super::text::wrap;

/// The sizes of the monospaced texts; as in the sheet's classes.
const LABEL: f64 = 12.0;
const NOTE: f64 = 11.0;
/// From one line of notes to the next.
const LEADING: f64 = 15.0;
/// The least from one step to the next, and what a step's last note keeps free below.
const BAND: f64 = 54.0;
const BELOW: f64 = 48.0;
/// From a lifeline to the texts beside it.
const BESIDE: f64 = 15.0;
/// Where the step numbers stand, and how much they take.
const NUMBERS: f64 = 26.0;
const GUTTER: f64 = 48.0;
/// The most lines of notes a step has.
const NOTES: usize = 7;
/// The columns of notes outside of all lifelines.
const OUTSIDE: usize = 44;
/// The upper edge of the nodes' boxes, and how high they are.
const BOXES: f64 = 84.0;
const BOX: f64 = 32.0;
/// How far before the receiver a message that does not arrive ends.
const SHORT: f64 = 36.0;

impl Story {
    /// The space-time diagram as a self-contained SVG document, light or dark as the reader
    /// prefers.
    pub fn to_svg(&self) -> String {
        let plan = Plan::new(self);
        let mut sheet = Sheet::default();
        plan.band(&mut sheet);
        plan.lifelines(&mut sheet);
        plan.flights(&mut sheet);
        plan.heading(&mut sheet);
        for (moment, texts) in self.steps.iter().zip(&plan.texts) {
            plan.point(&mut sheet, moment);
            plan.texts_of(&mut sheet, moment, texts);
        }
        let height = plan.closing(&mut sheet);
        sheet.finish(plan.width, height, &self.title(), &self.description())
    }

    /// All that the picture says, for those who cannot see it.
    fn description(&self) -> String {
        let mut lines = vec![format!("{}.", self.summary())];
        match &self.ending {
            Ending::Breaks { sentence, reason, .. } => {
                lines.push(format!("{sentence} But {reason}."));
            }
            Ending::Stalls { reason, .. } => lines.push(reason.clone()),
            Ending::RanToEnd | Ending::WentAnotherWay { .. } => {}
        }
        lines.extend(self.steps_in_words());
        lines.join("\n")
    }
}

/// The texts of one step.
struct Texts {
    /// On which side of the lifeline they stand: 1 right, -1 left.
    side: f64,
    /// Each line with its class, downward from the step's height.
    lines: Vec<(String, &'static str)>,
    /// What stands on the arrow, if there is one.
    label: String,
}

/// Where everything stands.
struct Plan<'a> {
    story: &'a Story,
    /// The lifelines, by the node's place; none if it is not shown.
    lines: Vec<Option<f64>>,
    /// The height of each step.
    heights: Vec<f64>,
    texts: Vec<Texts>,
    /// Where the lifelines end.
    bottom: f64,
    width: f64,
}

impl<'a> Plan<'a> {
    fn new(story: &'a Story) -> Self {
        let cast = story.cast();
        let pitch = match cast.len() {
            0..=2 => 340.0,
            3 => 290.0,
            4 => 250.0,
            5 => 220.0,
            _ => 190.0,
        };
        let last = cast.len().max(1) - 1;
        let place = |node: usize| cast.iter().position(|other| *other == node).unwrap_or(0);
        let texts: Vec<Texts> =
            story.steps.iter().map(|moment| texts(moment, pitch, last, &place)).collect();

        let reach = |texts: &Texts| {
            let widest = texts.lines.iter().map(|(line, class)| width_of(line, size(class)));
            widest.fold(0.0, f64::max) + BESIDE + 12.0
        };
        // The outer columns need room for their texts, the inner ones have it.
        let room = |outer: usize, side: f64| {
            let there = story
                .steps
                .iter()
                .zip(&texts)
                .filter(|(moment, texts)| place(moment.node) == outer && texts.side == side);
            there.map(|(_, texts)| reach(texts)).fold(70.0, f64::max)
        };
        let first = GUTTER + room(0, -1.0);
        let mut lines = vec![None; story.nodes.len()];
        for (at, &node) in cast.iter().enumerate() {
            lines[node] = Some(first + at as f64 * pitch);
        }
        let width = (first + last as f64 * pitch + room(last, 1.0)).max(640.0);

        let mut heights = Vec::with_capacity(texts.len());
        let mut y = BOXES + BOX + BAND;
        for texts in &texts {
            heights.push(y);
            let below = LEADING * texts.lines.len().saturating_sub(1) as f64;
            y += (below + BELOW).max(BAND);
        }
        let bottom = if heights.is_empty() { BOXES + BOX + BAND } else { y - 14.0 };
        Plan { story, lines, heights, texts, bottom, width }
    }

    /// The point of a step on its node's lifeline; step 0 is the start.
    fn place(&self, node: usize, step: usize) -> Option<Point> {
        let y = match step {
            0 => BOXES + BOX + 6.0,
            step => *self.heights.get(step - 1)?,
        };
        Some(Point { x: self.lines[node]?, y })
    }

    fn is_breaking(&self, moment: &Moment) -> bool {
        matches!(&self.story.ending, Ending::Breaks { step, .. } if *step == moment.number)
    }

    fn heading(&self, sheet: &mut Sheet) {
        let at = |y: f64| Point { x: NUMBERS - 6.0, y };
        sheet.text(at(36.0), Anchor::Start, "title", &self.story.title());
        let mut summary = self.story.summary();
        if let Some((steps, stands_for)) = &self.story.prefix {
            summary.push_str(&format!("; steps 1 to {steps} lead to: {stands_for}"));
        }
        if let Some(absent) = self.story.absent() {
            summary.push_str(&format!("; {absent}"));
        }
        sheet.text(at(60.0), Anchor::Start, "summary", &summary);
        for (name, x) in self.story.nodes.iter().zip(&self.lines) {
            let Some(x) = *x else { continue };
            let width = (name.chars().count() as f64 * 9.0 + 28.0).clamp(64.0, 180.0);
            sheet.rectangle(Point { x: x - width / 2.0, y: BOXES }, width, BOX, "box");
            let middle = Point { x, y: BOXES + BOX / 2.0 + 5.0 };
            let (name, _) = shortened(name, 18);
            sheet.text(middle, Anchor::Middle, "node", &name);
        }
    }

    /// The lifelines: dashed while their nodes are down.
    fn lifelines(&self, sheet: &mut Sheet) {
        for (node, x) in self.lines.iter().enumerate() {
            let Some(x) = *x else { continue };
            let (mut begun, mut up) = (BOXES + BOX, !self.story.down.contains(&node));
            let class = |up: bool| if up { "life" } else { "down" };
            for (moment, y) in self.story.steps.iter().zip(&self.heights) {
                if moment.node == node && moment.up != up {
                    sheet.line(Point { x, y: begun }, Point { x, y: *y }, class(up));
                    (begun, up) = (*y, moment.up);
                }
            }
            sheet.line(Point { x, y: begun }, Point { x, y: self.bottom }, class(up));
        }
    }

    /// The red band behind the step that breaks the invariant.
    fn band(&self, sheet: &mut Sheet) {
        let Ending::Breaks { step, .. } = self.story.ending else { return };
        let Some(y) = step.checked_sub(1).and_then(|at| self.heights.get(at)) else { return };
        let at = Point { x: 8.0, y: y - 36.0 };
        sheet.rectangle(at, self.width - 16.0, self.bottom - y + 28.0, "band");
    }

    /// All messages: those that arrive, are lost or doubled, and those still on their way.
    fn flights(&self, sheet: &mut Sheet) {
        for (node, sent) in self.story.greetings.iter().enumerate() {
            self.stubs(sheet, node, 0, sent, 0.0);
        }
        for (moment, texts) in self.story.steps.iter().zip(&self.texts) {
            self.stubs(sheet, moment.node, moment.number, &moment.sends, texts.side);
            self.arrow(sheet, moment);
        }
    }

    /// Short dashed ends for messages that no step takes up, one to each side; none where texts
    /// stand.
    fn stubs(&self, sheet: &mut Sheet, node: usize, step: usize, sends: &[Sent], texts: f64) {
        let Some(from) = self.place(node, step) else { return };
        for side in [-1.0, 1.0] {
            let astray: Vec<String> = sends
                .iter()
                .filter(|sent| sent.ends.is_empty() && side != texts)
                .filter(|sent| (sent.to > node) == (side > 0.0) && sent.to != node)
                .map(|sent| format!("{} to {}", sent.message, self.story.nodes[sent.to]))
                .collect();
            if astray.is_empty() {
                continue;
            }
            let to = Point { x: from.x + side * 28.0, y: from.y + 24.0 };
            sheet.titled(&format!("still on its way: {}", astray.join(", ")), |sheet| {
                sheet.line(from, to, "astray");
                sheet.circle(to, 2.0, "head");
            });
        }
    }

    /// The arrow of the message that a step is about.
    fn arrow(&self, sheet: &mut Sheet, moment: &Moment) {
        let Some((from, to, side)) = self.ends_of(moment) else { return };
        let number = self.story.number_of(moment.number);
        let label = format!("step {number}: {}", moment.label);
        sheet.titled(&label, |sheet| match moment.kind {
            _ if side == 0.0 => {
                sheet.bulge(from, Point { x: to.x + 9.0, y: to.y }, 46.0, "flight");
                head(sheet, Point { x: to.x + 40.0, y: to.y }, Point { x: to.x + 5.0, y: to.y });
            }
            Kind::Drop => {
                sheet.line(from, to, "lose");
                sheet.cross(to, 5.0, "cross");
            }
            Kind::Duplicate => {
                sheet.line(from, to, "astray");
                head(sheet, from, to);
                head(sheet, from, Point { x: to.x + side * 9.0, y: to.y });
            }
            _ => {
                sheet.line(from, to, "flight");
                head(sheet, from, to);
            }
        });
    }

    /// Where the message that a step is about was sent, where its arrow ends, and the way it goes:
    /// 1 to the right, -1 to the left, 0 to the sender itself.
    fn ends_of(&self, moment: &Moment) -> Option<(Point, Point, f64)> {
        let sender = moment.from?;
        let mut to = self.place(moment.node, moment.number)?;
        let from = self.place(sender, moment.sent_at.unwrap_or(moment.number))?;
        if sender == moment.node {
            return Some((from, to, 0.0));
        }
        let side = if from.x < to.x { 1.0 } else { -1.0 };
        to.x -= side
            * match moment.kind {
                Kind::Drop | Kind::Duplicate => SHORT,
                _ => 5.0,
            };
        Some((from, to, side))
    }

    /// The mark on the lifeline.
    fn point(&self, sheet: &mut Sheet, moment: &Moment) {
        let Some(at) = self.place(moment.node, moment.number) else { return };
        let Point { x, y } = at;
        match moment.kind {
            Kind::Drop | Kind::Duplicate => {}
            Kind::Deliver => {
                sheet.circle(at, 4.0, if self.is_breaking(moment) { "red" } else { "dot" });
            }
            Kind::Timeout | Kind::Tick => {
                let radius = if moment.kind == Kind::Tick { 5.0 } else { 7.0 };
                sheet.circle(at, radius, "clock");
                sheet.line(at, Point { x, y: y - radius + 2.0 }, "clock");
                sheet.line(at, Point { x: x + radius - 3.0, y }, "clock");
            }
            Kind::Input => {
                let corner = |dx: f64, dy: f64| Point { x: x + dx, y: y + dy };
                sheet.polygon(&[corner(-7.0, -6.0), corner(7.0, -6.0), corner(0.0, 6.0)], "asked");
            }
            Kind::Crash => sheet.cross(at, 7.0, "cross"),
            Kind::Restart | Kind::Wiped => sheet.circle(at, 6.0, "back"),
        }
        let class = if self.is_breaking(moment) { "fault" } else { "number" };
        let said = self.story.number_of(moment.number).to_string();
        // Those of long runs would begin beyond the edge.
        let (x, anchor) =
            if said.len() > 3 { (2.0, Anchor::Start) } else { (NUMBERS, Anchor::End) };
        sheet.text(Point { x, y: y + 4.0 }, anchor, class, &said);
    }

    /// A step's texts beside its point, and the label on its arrow.
    fn texts_of(&self, sheet: &mut Sheet, moment: &Moment, texts: &Texts) {
        let Some(at) = self.place(moment.node, moment.number) else { return };
        let anchor = if texts.side > 0.0 { Anchor::Start } else { Anchor::End };
        let looped = if moment.from == Some(moment.node) { 26.0 } else { 0.0 };
        let x = at.x + texts.side * (BESIDE + looped);
        for (place, (line, class)) in texts.lines.iter().enumerate() {
            let y = at.y + 4.0 + LEADING * place as f64;
            self.write(sheet, moment, (Point { x, y }, anchor), class, line);
        }
        let Some((from, to, side)) = self.ends_of(moment) else { return };
        if side == 0.0 {
            return;
        }
        let class = if moment.kind == Kind::Drop { "lost" } else { "label" };
        let middle = label_place(from, to, side, width_of(&texts.label, LABEL));
        self.write(sheet, moment, (middle, Anchor::Middle), class, &texts.label);
    }

    /// A text in the monospaced font on a ground of its own, over the arrows that pass there.
    fn write(
        &self,
        sheet: &mut Sheet,
        moment: &Moment,
        (at, anchor): (Point, Anchor),
        class: &str,
        text: &str,
    ) {
        let ground = if self.is_breaking(moment) { "band" } else { "paper" };
        let indent = text.chars().take_while(|character| *character == ' ').count();
        let (indent, text) = text.split_at(indent);
        let (indent, width) = (width_of(indent, size(class)), width_of(text, size(class)));
        let left = match anchor {
            Anchor::Start => at.x + indent,
            Anchor::Middle => at.x - width / 2.0,
            Anchor::End => at.x - width,
        };
        // Whole arrows would vanish behind grounds of notes: these have a thin one, letter by
        // letter.
        let halo = if anchor == Anchor::Middle {
            let corner = Point { x: left - 3.0, y: at.y - 11.0 };
            sheet.rectangle(corner, width + 6.0, LEADING, ground);
            ""
        } else if ground == "paper" {
            " halo"
        } else {
            ""
        };
        let at = Point { x: if anchor == Anchor::Start { left } else { at.x }, y: at.y };
        sheet.text(at, anchor, &format!("mono {class}{halo}"), text);
    }

    /// The panel that says how it ended. Says how high the sheet is.
    fn closing(&self, sheet: &mut Sheet) -> f64 {
        let top = self.bottom + 16.0;
        let Some((heading, lines)) = self.story.closing() else { return top + 8.0 };
        let columns = columns_in(self.width - 60.0, LABEL);
        let lines: Vec<String> = lines.iter().flat_map(|line| wrap(line, columns)).collect();
        let height = 42.0 + 21.0 * lines.len() as f64;
        let broken = matches!(self.story.ending, Ending::Breaks { .. } | Ending::Stalls { .. });
        let (panel, verdict) = if broken { ("panel", "verdict") } else { ("box", "node") };
        sheet.rectangle(Point { x: 8.0, y: top }, self.width - 16.0, height, panel);
        let at = |y: f64| Point { x: NUMBERS - 2.0, y: top + y };
        sheet.text(at(28.0), Anchor::Start, verdict, &heading);
        for (place, line) in lines.iter().enumerate() {
            let Point { x, y } = at(52.0 + 21.0 * place as f64);
            let text = line.trim_start();
            let indent = 8.0 * (line.len() - text.len()) as f64;
            sheet.text(Point { x: x + indent, y }, Anchor::Start, "sentence", text);
        }
        top + height + 12.0
    }
}

/// Where the middle of an arrow's label stands, as near to the arrow's end as it can: on the arrow
/// where that is level enough, else below it. It stays in the band of the step.
fn label_place(from: Point, to: Point, side: f64, width: f64) -> Point {
    let slope = (to.y - from.y) / (to.x - from.x).abs().max(1.0);
    let back = width / 2.0 + 20.0;
    if slope * back <= 24.0 {
        return Point { x: to.x - side * back, y: to.y - slope * back + 4.0 };
    }
    let beside = width / 2.0 + 10.0 + 16.0 / slope;
    Point { x: to.x - side * beside, y: to.y - 4.0 }
}

/// The head of an arrow that comes from that point.
fn head(sheet: &mut Sheet, from: Point, tip: Point) {
    let (dx, dy) = (tip.x - from.x, tip.y - from.y);
    let length = (dx * dx + dy * dy).sqrt().max(1.0);
    let (along, across) = ((dx / length * 10.0, dy / length * 10.0), 0.42);
    let corner = |sign: f64| Point {
        x: tip.x - along.0 - sign * across * along.1,
        y: tip.y - along.1 + sign * across * along.0,
    };
    sheet.polygon(&[tip, corner(1.0), corner(-1.0)], "head");
}

/// The size of the texts of a class.
fn size(class: &str) -> f64 {
    if matches!(class, "note" | "event") { NOTE } else { LABEL }
}

/// The side where fewer arrows come and go: 1 right, -1 left. In doubt, the first node's texts
/// stand at the left, and all others at the right.
fn side_of_texts(moment: &Moment, place: &impl Fn(usize) -> usize) -> f64 {
    let here = place(moment.node);
    match moment.from.map(|from| place(from).cmp(&here)) {
        Some(Ordering::Less) => return 1.0,
        Some(Ordering::Greater) => return -1.0,
        Some(Ordering::Equal) => return 1.0,
        None => {}
    }
    let arriving = moment.sends.iter().filter(|sent| !sent.ends.is_empty());
    let (left, right): (Vec<_>, Vec<_>) = arriving.partition(|sent| place(sent.to) < here);
    match left.len().cmp(&right.len()) {
        Ordering::Less => -1.0,
        Ordering::Greater => 1.0,
        Ordering::Equal if here == 0 => -1.0,
        Ordering::Equal => 1.0,
    }
}

/// What is written beside a step and on its arrow.
fn texts(moment: &Moment, pitch: f64, last: usize, place: &impl Fn(usize) -> usize) -> Texts {
    let side = side_of_texts(moment, place);
    let outside = place(moment.node) == if side < 0.0 { 0 } else { last };
    let columns = if outside { OUTSIDE } else { columns_in(pitch - 2.0 * BESIDE - 6.0, NOTE) };
    let mut lines = Vec::new();
    let (label, whole) = shortened(&moment.subject, columns_in(pitch - 90.0, LABEL));
    let (heading, class) = match moment.kind {
        Kind::Deliver | Kind::Drop | Kind::Duplicate if moment.from == Some(moment.node) => {
            (label.clone(), "label")
        }
        Kind::Deliver => (String::new(), "label"),
        Kind::Drop => ("lost".to_string(), "lost"),
        Kind::Duplicate => ("doubled".to_string(), "label"),
        Kind::Timeout => (format!("{label} fires"), "timer"),
        Kind::Input => {
            (format!("{}: {label}", moment.client.as_deref().unwrap_or("client")), "input")
        }
        Kind::Tick => ("tick".to_string(), "timer"),
        Kind::Crash => ("crash".to_string(), "fault"),
        Kind::Restart => ("restart".to_string(), "input"),
        Kind::Wiped => ("restart, its disk wiped".to_string(), "input"),
    };
    if !heading.is_empty() {
        lines.push((heading, class));
    }
    let mut note = |text: &str, class: &'static str, most: usize| {
        let mut wrapped = wrap(text, columns);
        if wrapped.len() > most {
            wrapped.truncate(most);
            wrapped[most - 1] = folded(&format!("{} …", wrapped[most - 1]), columns);
        }
        lines.extend(wrapped.into_iter().map(|line| (line, class)));
    };
    if !whole {
        note(&moment.subject, "note", 3);
    }
    // What it told comes before what it changed, which may be cut.
    moment.events.iter().for_each(|event| note(&format!("tells {event}"), "event", 2));
    moment.changes.iter().for_each(|change| note(change, "note", 2));
    if lines.len() > NOTES {
        lines.truncate(NOTES);
        lines[NOTES - 1] = ("…".to_string(), "note");
    }
    Texts { side, lines, label }
}

#[cfg(test)]
mod tests {
    use super::super::telling::tell;
    use super::super::toy::{golden, scenario, two_leaders};

    #[test]
    fn a_picture_is_drawn_as_it_was() {
        let trace = two_leaders();
        for (name, scenario, steps) in [
            ("two-leaders.svg", scenario(3), &trace[..]),
            ("five-nodes.svg", scenario(5), &trace[..]),
            ("another-way.svg", scenario(3), &[&trace[..2], &trace[11..]].concat()),
            ("no-steps.svg", scenario(2), &[]),
        ] {
            golden(name, &tell(&scenario, steps, None).to_svg());
        }
    }

    /// The names of the open elements are closed in turn, and no text opens one.
    #[test]
    fn whatever_a_scenario_is_called_its_picture_is_well_formed() {
        let mut odd = scenario(3).names(&["a<b", "\"c\" & d", "</svg>\u{1}"]);
        odd.model = "<script>&amp;".to_string();
        for steps in [&two_leaders()[..], &[]] {
            let picture = tell(&odd, steps, None).to_svg();
            assert!(!picture.contains("<script") && !picture.contains('\u{1}'));
            let mut open = Vec::new();
            for tag in picture.split('<').skip(1) {
                let (tag, _) = tag.split_once('>').expect("every tag is closed");
                match tag.strip_prefix('/') {
                    Some(name) => assert_eq!(open.pop(), Some(name)),
                    None if tag.ends_with('/') => {}
                    None => open.push(tag.split(' ').next().unwrap_or(tag)),
                }
            }
            assert_eq!(open, Vec::<&str>::new());
        }
    }
}
