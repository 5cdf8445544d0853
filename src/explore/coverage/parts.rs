//! Values as rows of parts, and how many would be left without one of them.

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use super::Part;
use super::reading::in_words;

type Set<T> = IndexSet<T, FxBuildHasher>;

/// In a row: the part is not there.
const ABSENT: u32 = 0;

/// A table of values: a row for each, a column for each part.
///
/// Columns whose names begin alike up to a dot belong together: `role`, `role.votes`.
#[derive(Default)]
pub(in crate::explore) struct Table {
    columns: IndexMap<String, Set<String>, FxBuildHasher>,
    rows: Vec<Vec<u32>>,
}

impl Table {
    /// Adds a value, by its parts.
    pub(in crate::explore) fn add(&mut self, parts: impl IntoIterator<Item = (String, String)>) {
        let mut row = vec![ABSENT; self.columns.len()];
        for (name, text) in parts {
            let column = self.columns.entry(name);
            let at = column.index();
            let (value, _) = column.or_default().insert_full(text);
            row.resize(row.len().max(at + 1), ABSENT);
            row[at] = value as u32 + 1;
        }
        self.rows.push(row);
    }

    /// How many different rows there are.
    pub(in crate::explore) fn different(&self) -> usize {
        self.without(&[])
    }

    /// The parts by which rows differ; those without which fewest are left come first.
    pub(in crate::explore) fn parts(&self) -> Vec<Part> {
        let varying: Vec<usize> =
            (0..self.columns.len()).filter(|&column| self.values(&[column]) > 1).collect();
        let mut groups: IndexMap<&str, Vec<usize>, FxBuildHasher> = IndexMap::default();
        for &column in &varying {
            let name = self.name(column);
            groups.entry(name.split('.').next().unwrap_or(name)).or_default().push(column);
        }
        let mut parts = Vec::new();
        for (group, columns) in &groups {
            parts.push(self.part(group, columns));
            let deeper = columns.iter().filter(|&&column| self.name(column) != *group);
            if columns.len() > 1 {
                parts.extend(deeper.map(|&column| self.part(self.name(column), &[column])));
            }
        }
        parts.sort_by(|one, other| {
            (one.without, other.values, &one.name).cmp(&(other.without, one.values, &other.name))
        });
        parts
    }

    fn name(&self, column: usize) -> &str {
        self.columns.get_index(column).expect("a column").0
    }

    fn part(&self, name: &str, columns: &[usize]) -> Part {
        // Of several columns, the first says the variant, if there is one of that name.
        let named = columns.iter().find(|&&column| self.name(column) == name);
        let told = match (named, columns) {
            (Some(&column), _) | (None, &[column]) => Some(column),
            (None, _) => None,
        };
        let says = told.and_then(|column| {
            let absent = self.rows.iter().any(|row| value(row, column) == ABSENT);
            in_words(self.columns[column].iter().map(String::as_str), absent)
        });
        let (values, without) = (self.values(columns), self.without(columns));
        Part { name: name.to_string(), values, without, says }
    }

    /// How many different values these columns take together.
    fn values(&self, columns: &[usize]) -> usize {
        let of = |row: &Vec<u32>| columns.iter().map(|&at| value(row, at)).collect::<Vec<_>>();
        self.rows.iter().map(of).collect::<Set<Vec<u32>>>().len()
    }

    /// How many different rows are left without these columns.
    fn without(&self, columns: &[usize]) -> usize {
        let all = 0..self.columns.len();
        let kept: Vec<usize> = all.filter(|column| !columns.contains(column)).collect();
        self.values(&kept)
    }
}

fn value(row: &[u32], column: usize) -> u32 {
    // A row is as long as the table was wide when it was added.
    row.get(column).copied().unwrap_or(ABSENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[(&str, &str)]]) -> Table {
        let mut table = Table::default();
        for row in rows {
            table.add(row.iter().map(|(name, text)| ((*name).to_string(), (*text).to_string())));
        }
        table
    }

    fn told(table: &Table) -> Vec<(String, usize, usize)> {
        let parts = table.parts().into_iter();
        parts.map(|part| (part.name, part.values, part.without)).collect()
    }

    fn named(name: &str, values: usize, without: usize) -> (String, usize, usize) {
        (name.to_string(), values, without)
    }

    #[test]
    fn what_makes_most_values_comes_first_and_what_never_varies_is_not_named() {
        let mut rows = Vec::new();
        for term in ["1", "2", "3"] {
            for vote in ["None", "Some(n0)"] {
                rows.push(vec![("name", "x"), ("term", term), ("vote", vote), ("twice", term)]);
            }
        }
        let rows: Vec<&[(&str, &str)]> = rows.iter().map(Vec::as_slice).collect();
        let table = table(&rows);
        assert_eq!(table.different(), 6);
        // `term` and `twice` say the same, so that neither is missed.
        assert_eq!(told(&table), [named("vote", 2, 3), named("term", 3, 6), named("twice", 3, 6)]);
    }

    #[test]
    fn a_variant_and_its_fields_are_left_out_together_and_one_by_one() {
        let table = table(&[
            &[("at", "1"), ("role", "Follower")],
            &[("at", "1"), ("role", "Leader"), ("role.held", "[]")],
            &[("at", "1"), ("role", "Leader"), ("role.held", "[1]")],
            &[("at", "2"), ("role", "Follower")],
        ]);
        assert_eq!(
            told(&table),
            [named("role", 3, 2), named("role.held", 3, 3), named("at", 2, 3)]
        );
        let role = &table.parts()[0];
        assert_eq!(role.says.as_deref(), Some("Follower, Leader"));
    }

    #[test]
    fn the_only_part_of_a_field_goes_by_the_name_of_the_field() {
        let table = table(&[
            &[("log", "Log"), ("log.entries", "[]")],
            &[("log", "Log"), ("log.entries", "[7]")],
        ]);
        assert_eq!(told(&table), [named("log", 2, 1)]);
        assert_eq!(table.parts()[0].says.as_deref(), Some("up to 1 long"));
    }

    #[test]
    fn no_rows_and_equal_rows_differ_by_nothing() {
        assert_eq!((table(&[]).different(), told(&table(&[]))), (0, vec![]));
        let twice = table(&[&[("a", "1")], &[("a", "1")]]);
        assert_eq!((twice.different(), told(&twice)), (1, vec![]));
    }
}
