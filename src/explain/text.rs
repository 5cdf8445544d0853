//! The space-time diagram as text: a column for each node, time downward, remarks at the right.

use super::shape::{folded, shortened};
use super::story::{Ending, Kind, Moment, Story};

/// The columns a page has; only large clusters need more.
const PAGE: usize = 100;
/// Where the first node's line stands: the step's number fits before it, and half a header.
const FIRST: usize = 11;
/// The room behind the last node's line, for its marks.
const LAST: usize = 14;
/// The least room for remarks.
const REMARKS: usize = 32;
/// Columns between two nodes' lines.
const PITCH: (usize, usize) = (8, 24);

/// How a character is drawn, where colours are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ink {
    Plain,
    Faint,
    Strong,
    Message,
    Timer,
    Input,
    Fault,
}

impl Ink {
    /// The parameters of the ANSI sequence that selects it (ECMA-48, "SGR").
    fn code(self) -> &'static str {
        match self {
            Ink::Plain => "0",
            Ink::Faint => "0;2",
            Ink::Strong => "0;1",
            Ink::Message => "0;36",
            Ink::Timer => "0;33",
            Ink::Input => "0;32",
            Ink::Fault => "0;1;31",
        }
    }
}

/// One line of the page, drawn on from any column.
#[derive(Clone, Default)]
struct Row(Vec<(char, Ink)>);

impl Row {
    fn put(&mut self, column: usize, text: &str, ink: Ink) {
        for (at, character) in (column..).zip(text.chars()) {
            if at >= self.0.len() {
                self.0.resize(at + 1, (' ', Ink::Plain));
            }
            self.0[at] = (character, ink);
        }
    }

    fn write(&self, colour: bool, page: &mut String) {
        let blank = |(character, _): &&(char, Ink)| *character == ' ';
        let length = self.0.len() - self.0.iter().rev().take_while(blank).count();
        let mut current = Ink::Plain;
        for &(character, ink) in &self.0[..length] {
            if colour && ink != current && character != ' ' {
                page.push_str(&format!("\u{1b}[{}m", ink.code()));
                current = ink;
            }
            page.push(character);
        }
        if current != Ink::Plain {
            page.push_str("\u{1b}[0m");
        }
        page.push('\n');
    }
}

impl Story {
    /// The space-time diagram as plain text, at most 100 columns wide for up to seven nodes.
    pub fn to_text(&self) -> String {
        self.to_page(false)
    }

    /// The space-time diagram as text with ANSI colours, for a terminal.
    pub fn to_coloured_text(&self) -> String {
        self.to_page(true)
    }

    fn to_page(&self, colour: bool) -> String {
        let mut page = Page::new(self);
        page.heading();
        for moment in &self.steps {
            page.moment(moment);
        }
        page.closing();
        let mut text = String::new();
        page.rows.iter().for_each(|row| row.write(colour, &mut text));
        text
    }
}

struct Page<'a> {
    story: &'a Story,
    /// The column of each node's line, by the node's place; none if it is not shown.
    lines: Vec<Option<usize>>,
    pitch: usize,
    remarks: usize,
    up: Vec<bool>,
    rows: Vec<Row>,
}

impl<'a> Page<'a> {
    fn new(story: &'a Story) -> Self {
        let cast = story.cast();
        let gaps = cast.len().saturating_sub(1).max(1);
        let pitch = ((PAGE - FIRST - LAST - REMARKS) / gaps).clamp(PITCH.0, PITCH.1);
        let mut lines = vec![None; story.nodes.len()];
        for (place, &node) in cast.iter().enumerate() {
            lines[node] = Some(FIRST + place * pitch);
        }
        let remarks = FIRST + (cast.len().max(1) - 1) * pitch + LAST;
        let up = (0..story.nodes.len()).map(|node| !story.down.contains(&node)).collect();
        Page { story, lines, pitch, remarks, up, rows: Vec::new() }
    }

    fn line(&mut self, text: &str, ink: Ink) {
        let mut row = Row::default();
        row.put(0, text, ink);
        self.rows.push(row);
    }

    fn heading(&mut self) {
        self.line(&self.story.title(), Ink::Strong);
        self.line(&self.story.summary(), Ink::Plain);
        if let Some((steps, stands_for)) = &self.story.prefix {
            self.line(&format!("steps 1 to {steps} lead to: {stands_for}"), Ink::Faint);
        }
        if let Some(absent) = self.story.absent() {
            wrap(&absent, PAGE).iter().for_each(|line| self.line(line, Ink::Faint));
        }
        self.line("", Ink::Plain);
        let mut rows = [Row::default(), Row::default(), Row::default()];
        for (node, column) in self.lines.iter().enumerate() {
            let Some(column) = *column else { continue };
            let name = folded(&self.story.nodes[node], self.pitch.saturating_sub(5).max(3));
            let width = name.chars().count() + 2;
            let left = column - width.div_ceil(2);
            let bar = |from: usize, to: usize| "─".repeat(to.saturating_sub(from));
            rows[0].put(left, &format!("┌{}┐", bar(0, width)), Ink::Plain);
            rows[1].put(left, &format!("│ {name} │"), Ink::Plain);
            rows[1].put(left + 2, &name, Ink::Strong);
            rows[2].put(left, &format!("└{}┘", bar(0, width)), Ink::Plain);
            rows[2].put(column, "┬", Ink::Plain);
        }
        self.rows.extend(rows);
    }

    /// A row with nothing but the nodes' lines.
    fn lifelines(&self) -> Row {
        let mut row = Row::default();
        for (node, column) in self.lines.iter().enumerate() {
            if let Some(column) = *column {
                row.put(column, if self.up[node] { "│" } else { "┊" }, Ink::Faint);
            }
        }
        row
    }

    fn moment(&mut self, moment: &Moment) {
        let mut row = self.lifelines();
        let number = moment.number;
        row.put(0, &format!("{:>4}", self.story.number_of(number)), Ink::Faint);
        if matches!(&self.story.ending, Ending::Breaks { step, .. } if *step == number) {
            row.put(5, "✗", Ink::Fault);
        }
        let whole = match (moment.kind, moment.from) {
            (Kind::Deliver | Kind::Drop | Kind::Duplicate, Some(from)) if from != moment.node => {
                self.arrow(&mut row, moment, from)
            }
            _ => self.mark(&mut row, moment),
        };
        self.up[moment.node] = moment.up;
        let remarks = self.remarks_on(moment, whole);
        let mut remarks = remarks.into_iter();
        if let Some((remark, ink)) = remarks.next() {
            row.put(self.remarks, &remark, ink);
        }
        self.rows.push(row);
        for (remark, ink) in remarks {
            let mut row = self.lifelines();
            row.put(self.remarks, &remark, ink);
            self.rows.push(row);
        }
        self.rows.push(self.lifelines());
    }

    /// What is said of a step at the right: what the diagram had to shorten, what the step
    /// changed, what it told.
    fn remarks_on(&self, moment: &Moment, whole: bool) -> Vec<(String, Ink)> {
        let width = PAGE.saturating_sub(self.remarks).max(REMARKS);
        let mut said = Vec::new();
        let mut say = |text: &str, most: usize, ink: Ink| {
            let mut lines = wrap(text, width);
            if lines.len() > most {
                lines.truncate(most);
                lines[most - 1] = folded(&format!("{} …", lines[most - 1]), width);
            }
            said.extend(lines.into_iter().map(|line| (line, ink)));
        };
        // A reader takes a message to be what its sender did last; it is said if it is not.
        let busy = |sent: &usize| {
            let mut between = self.story.steps[*sent..moment.number - 1].iter();
            between.any(|other| Some(other.node) == moment.from)
        };
        let since = match moment.sent_at.filter(busy) {
            Some(0) => "sent at the start".to_string(),
            Some(step) => format!("sent in step {}", self.story.number_of(step)),
            None => String::new(),
        };
        match (whole, since.as_str()) {
            (true, "") => {}
            (true, since) => say(since, 1, Ink::Faint),
            (false, "") => say(&moment.subject, 3, Ink::Message),
            (false, since) => {
                say(&moment.subject, 3, Ink::Message);
                say(since, 1, Ink::Faint);
            }
        }
        if moment.kind == Kind::Duplicate {
            say("doubled on its way", 1, Ink::Faint);
        }
        moment.changes.iter().for_each(|change| say(change, 2, Ink::Plain));
        moment.events.iter().for_each(|event| say(&format!("tells {event}"), 2, Ink::Strong));
        said
    }

    /// A message's arrow along the row. Says whether its label says everything.
    fn arrow(&self, row: &mut Row, moment: &Moment, from: usize) -> bool {
        let (Some(start), Some(end)) = (self.lines[from], self.lines[moment.node]) else {
            return false;
        };
        let rightward = start < end;
        let (low, high) = (start.min(end), start.max(end));
        let ink = if moment.kind == Kind::Drop { Ink::Fault } else { Ink::Message };
        row.put(low + 1, &"─".repeat(high - low - 1), ink);
        for column in self.lines.iter().flatten().filter(|column| (low + 1..high).contains(column))
        {
            row.put(*column, "┼", Ink::Faint);
        }
        row.put(start, if rightward { "├" } else { "┤" }, ink);
        let head = match (moment.kind, rightward) {
            (Kind::Drop, true) => "✗ ",
            (Kind::Drop, false) => " ✗",
            (Kind::Duplicate, true) => "▷▷",
            (Kind::Duplicate, false) => "◁◁",
            (_, true) => "─▶",
            (_, false) => "◀─",
        };
        row.put(if rightward { high - 2 } else { low + 1 }, head, ink);
        // The label goes between the sender's line and the next one if it fits there, else along
        // the whole arrow.
        let (near, far) =
            if rightward { (low, low + self.pitch) } else { (high - self.pitch, high) };
        let room = |low: usize, high: usize| (high - low).saturating_sub(4);
        let (short, whole) = shortened(&moment.subject, room(near, far));
        if whole || high - low == self.pitch {
            label(row, near, far, &short, ink);
            return whole;
        }
        let (short, whole) = shortened(&moment.subject, room(low, high));
        label(row, low, high, &short, ink);
        whole
    }

    /// What happens at a node alone. Says whether its label says everything.
    fn mark(&self, row: &mut Row, moment: &Moment) -> bool {
        let Some(column) = self.lines[moment.node] else { return false };
        let (sign, before, ink) = match moment.kind {
            Kind::Deliver => ("↩", String::new(), Ink::Message),
            Kind::Drop => ("✗", "dropped ".to_string(), Ink::Fault),
            Kind::Duplicate => ("▷", "doubled ".to_string(), Ink::Message),
            Kind::Timeout => ("⏱", String::new(), Ink::Timer),
            Kind::Input => {
                let client = moment.client.as_deref().unwrap_or("client");
                ("▼", format!("{client}: "), Ink::Input)
            }
            Kind::Tick => ("◷", "tick".to_string(), Ink::Timer),
            Kind::Crash => ("✗", "crash".to_string(), Ink::Fault),
            Kind::Restart => ("↻", "restart".to_string(), Ink::Fault),
            Kind::Wiped => ("↻", "wiped".to_string(), Ink::Fault),
        };
        let last = self.lines.iter().flatten().max() == Some(&column);
        let room = if last { LAST - 4 } else { self.pitch - 3 };
        let (short, whole) = shortened(&moment.subject, room.saturating_sub(before.len()).max(3));
        row.put(column, sign, ink);
        row.put(column + 2, &folded(&format!("{before}{short}"), room), ink);
        whole
    }

    fn closing(&mut self) {
        self.line("", Ink::Plain);
        let Some((heading, lines)) = self.story.closing() else {
            self.line(&self.story.summary(), Ink::Plain);
            return;
        };
        let lines: Vec<String> = lines.iter().flat_map(|line| wrap(line, PAGE - 4)).collect();
        let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        let inside = widest.max(heading.chars().count() + 3).max(40);
        let frame = |left: &str, right: &str, filled: &str| {
            let rest = inside + 2 - filled.chars().count();
            format!("{left}{filled}{}{right}", "═".repeat(rest))
        };
        self.line(&frame("╔", "╗", &format!("═ {heading} ")), Ink::Fault);
        for line in lines {
            let mut row = Row::default();
            row.put(0, "║", Ink::Fault);
            row.put(2, &line, Ink::Plain);
            row.put(inside + 3, "║", Ink::Fault);
            self.rows.push(row);
        }
        self.line(&frame("╚", "╝", ""), Ink::Fault);
    }
}

/// Puts a label in the middle between two columns, with a space on each side if there is room.
fn label(row: &mut Row, low: usize, high: usize, text: &str, ink: Ink) {
    let width = text.chars().count();
    let padded = if width + 6 <= high - low { format!(" {text} ") } else { text.to_string() };
    let left = low + (high - low + 1).saturating_sub(padded.chars().count()) / 2;
    row.put(left, &padded, ink);
}

/// Breaks a text into lines of at most that width, at spaces where there are any; the second and
/// later lines are indented.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let indented = (text.len() - text.trim_start().len()).min(width / 2);
    let indent = (indented + 2).min(width / 2);
    let mut line = " ".repeat(indented);
    let mut empty = true;
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        let used = line.chars().count();
        if !empty && used + 1 + word.len() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            empty = true;
        }
        while word.len() > width.saturating_sub(indent).max(1) {
            let rest = word.split_off(width.saturating_sub(indent).max(1));
            line.extend(word);
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            word = rest;
        }
        if !empty {
            line.push(' ');
        }
        line.extend(word);
        empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::super::telling::tell;
    use super::super::toy::{golden, scenario, two_leaders};
    use super::*;

    #[test]
    fn a_diagram_is_drawn_as_it_was() {
        let trace = two_leaders();
        let names = ["amsterdam", "berlin", "copenhagen", "dublin", "edinburgh", "faro", "geneva"];
        for (name, scenario, steps) in [
            ("two-leaders.txt", scenario(3), &trace[..]),
            ("five-nodes.txt", scenario(5).names(&names), &trace[..]),
            ("nine-nodes.txt", scenario(9).names(&names), &trace[..]),
            ("another-way.txt", scenario(3), &[&trace[..2], &trace[11..]].concat()),
            ("one-node.txt", scenario(1), &trace[..1]),
            ("no-steps.txt", scenario(2), &[]),
        ] {
            golden(name, &tell(&scenario, steps, None).to_text());
        }
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let story = tell(&scenario(3), &two_leaders(), None);
        let coloured = story.to_coloured_text();
        let mut plain = String::new();
        let mut rest = coloured.chars();
        while let Some(character) = rest.next() {
            match character {
                '\u{1b}' => drop(rest.by_ref().find(|c| *c == 'm')),
                character => plain.push(character),
            }
        }
        assert_eq!(plain, story.to_text());
        assert!(coloured.len() > plain.len());
    }

    #[test]
    fn lines_are_as_narrow_as_asked_for_whatever_they_say() {
        for text in ["", "a", "several words of a sentence", &"x".repeat(50), "  indented words"] {
            for width in 4..20 {
                let lines = wrap(text, width);
                assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:?}");
                let letters = |text: &str| text.replace(' ', "");
                assert_eq!(letters(&lines.concat()), letters(text));
            }
        }
    }
}
