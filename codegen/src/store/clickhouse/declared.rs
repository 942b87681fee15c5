//! A declared ClickHouse table: what is asked of it as of any other.

use super::check;
use super::declaration::{self, Declaration};
use super::{indexes, sharding};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{ClickHouse, Store, Type};
use crate::rules::columns::TYPE_DISAGREES;
use crate::store::declared::Declared;
use crate::store::typed::TypedTable;
use crate::syntax::spec::{self, TableDefaults};
use crate::syntax::sql::column_names;
use crate::syntax::yaml::Text;

/// Value of `partition_by` for no partitions, if the defaults have some.
const NO_PARTITIONS: &str = "none";

/// Reads a declaration.
pub(in crate::store) fn read(
    table: &spec::Table,
    defaults: &TableDefaults,
    out: &mut Diagnostics,
) -> Box<dyn Declared> {
    Box::new(declaration::read(table, defaults, out))
}

impl Declared for Declaration {
    fn database(&self) -> Option<&Text> {
        self.database.as_ref()
    }

    fn has_shards(&self) -> bool {
        true
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

    fn type_of_client(&self, ty: Type) -> Type {
        Type::LowCardinality(Box::new(ty))
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
            rebuilt_from: self
                .rebuilt_from
                .iter()
                .map(|key| key.value.clone())
                .collect(),
            indexes: indexes::lower(self, table),
            replaces: table.spec.replaces.is_some(),
            sharding: sharding::lower(self, table),
        }))
    }
}
