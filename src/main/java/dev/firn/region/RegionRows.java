package dev.firn.region;

import java.util.List;
import org.jdbi.v3.core.Handle;

/** The Region's name and Subregions. */
final class RegionRows {
  private final Catalog catalog;

  RegionRows(Catalog catalog) {
    this.catalog = catalog;
  }

  /** The Region's name, or null before {@link #insert}. */
  String name() {
    return catalog.transact(RegionRows::name);
  }

  static String name(Handle handle) {
    return handle
        .createQuery("SELECT text_value FROM settings WHERE name = 'region'")
        .mapTo(String.class)
        .findOne()
        .orElse(null);
  }

  /** In their order; the first is the default. */
  List<String> subregions() {
    return catalog.transact(RegionRows::subregions);
  }

  static List<String> subregions(Handle handle) {
    return handle
        .createQuery("SELECT name FROM subregions ORDER BY position")
        .mapTo(String.class)
        .list();
  }

  void insert(String name, List<String> subregions) {
    catalog.transact(
        handle -> {
          handle.execute("INSERT INTO settings (name, text_value) VALUES ('region', ?)", name);
          for (int i = 0; i < subregions.size(); i++) {
            handle.execute(
                "INSERT INTO subregions (name, position) VALUES (?, ?)", subregions.get(i), i);
          }
          return null;
        });
  }
}
