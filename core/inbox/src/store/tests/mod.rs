mod plans;
mod schema;
