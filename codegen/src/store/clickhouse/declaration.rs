//! What the declaration of a ClickHouse table says as written.

use super::check;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{ClickHouse, Store, Type};
use crate::rules::columns::TYPE_DISAGREES;
use crate::store::declared::Declared;
use crate::store::typed::TypedTable;
use crate::syntax::spec::{self, Fields, TableDefaults, texts};
use crate::syntax::sql::column_names;
use crate::syntax::yaml::Text;

/// What stands for no partitions where the defaults have some.
const NO_PARTITIONS: &str = "none";

/// What the declaration of a ClickHouse table says.
#[derive(Debug, Default)]
pub(super) struct Declaration {
    /// `database: NAME`, if it isn't in the usual one.
    pub(super) database: Option<Text>,
    /// `engine: ReplacingMergeTree(COLUMN)`, or that of the defaults.
    pub(super) engine: Option<Text>,
    /// `partition_by: EXPRESSION`, in SQL, or `none`.
    pub(super) partition_by: Option<Text>,
    /// `order_by: [COLUMN, ...]`.
    pub(super) order_by: Vec<Text>,
}

/// Reads it.
pub(in crate::store) fn read(
    table: &spec::Table,
    defaults: &TableDefaults,
    out: &mut Diagnostics,
) -> Box<dyn Declared> {
    let Some(entries) = &table.store.entries else {
        return Box::new(Declaration::default());
    };
    let what = format!("table `{}`", table.name.value);
    let fields = Fields::of(what, table.name.span, entries);
    let engine = match (fields.get("engine"), &defaults.engine) {
        (None, Some(engine)) => Some(engine.clone()),
        _ => {
            fields.require("engine", out);
            fields.text("engine", out)
        }
    };
    let order_by = fields.require("order_by", out).map(|e| {
        let keys = texts("`order_by`", &e.node, out);
        fields.filled("order_by", keys.is_empty(), e, out);
        keys
    });
    Box::new(Declaration {
        database: fields.text("database", out),
        engine,
        partition_by: fields.text("partition_by", out),
        order_by: order_by.unwrap_or_default(),
    })
}

impl Declared for Declaration {
    fn database(&self) -> Option<&Text> {
        self.database.as_ref()
    }

    fn keys(&self) -> Vec<&Text> {
        self.order_by.iter().collect()
    }

    fn partitions<'a>(
        &'a self,
        defaults: &'a TableDefaults,
        has: &dyn Fn(&str) -> bool,
    ) -> Option<&'a Text> {
        match &self.partition_by {
            Some(own) => Some(own).filter(|own| own.value != NO_PARTITIONS),
            None => {
                let default = defaults.partition_by.as_ref();
                default.filter(|sql| column_names(&sql.value).into_iter().all(has))
            }
        }
    }

    fn has_dictionaries(&self) -> bool {
        true
    }

    fn read_type(&self, text: &str) -> Option<String> {
        Type::parse(text).map(|ty| ty.to_string())
    }

    fn unknown_type(&self, text: &Text) -> Diagnostic {
        Diagnostic::new(&TYPE_DISAGREES, format!("`{}` is not a type that a column can have", text.value))
            .at(text.span, "unknown type")
            .help(
                "types: Bool, Int32, Int64, UInt32, UInt64, Float32, Float64, String, DateTime('UTC'), \
                 DateTime64(3, 'UTC'), DateTime64(6, 'UTC'), JSON; and LowCardinality, Nullable, Array and \
                 Map of them",
            )
    }

    fn type_of(&self, ty: &Type) -> Option<String> {
        Some(ty.to_string())
    }

    fn check(&self, table: &TypedTable<'_>, out: &mut Diagnostics) {
        check::check(self, table, out);
    }

    fn lower(&self, table: &TypedTable<'_>) -> Option<Store> {
        let partition_by = table.partition_by.map(|text| text.value.clone());
        Some(Store::ClickHouse(ClickHouse {
            database: self.database.as_ref().map(|name| name.value.clone()),
            engine: self.engine.as_ref()?.value.clone(),
            partition_by: partition_by.unwrap_or_default(),
            order_by: self.order_by.iter().map(|key| key.value.clone()).collect(),
        }))
    }
}
