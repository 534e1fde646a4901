//! The schema as it was reviewed.

use super::world::World;

#[tokio::test]
async fn the_schema_is_as_reviewed() {
    let world = World::new().await;
    let db = world.connection();
    let mut statement = db
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name")
        .unwrap();
    let tables = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    let tables: Vec<_> = tables.map(Result::unwrap).collect();
    insta::assert_snapshot!(tables.join(";\n\n"));
}
