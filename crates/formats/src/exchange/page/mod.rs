//! What programs read of a record's page: schema.org as JSON-LD, COinS (Z39.88),
//! and unAPI. Zotero takes records by the latter two.

mod coins;
mod schema_org;
mod unapi;

pub use coins::{coins, context_object};
pub(crate) use schema_org::schema_type;
pub use schema_org::{schema_org, script};
pub use unapi::{UNAPI_FORMATS, UnapiFormat, unapi, unapi_formats};
