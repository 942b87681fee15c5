//! TLS to RabbitMQ, PostgreSQL, ClickHouse and HTTP APIs, with certificates that are good, of another name, expired or
//! foreign, on both sides.

mod clickhouse;
mod files;
mod front;
mod kept;
mod postgres;
mod rabbit;
mod requests;
