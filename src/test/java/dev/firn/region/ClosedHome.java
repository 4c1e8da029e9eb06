package dev.firn.region;

import dev.firn.map.MapStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A home that no process has. */
record ClosedHome(Path directory) {
  /** What happens to it. */
  interface Change {
    void run(Catalog catalog, MapStore store) throws IOException;
  }

  void change(Change change) throws IOException {
    try (Catalog catalog = Catalog.open(directory.resolve("catalog.db"));
        MapStore store = MapStore.open(directory.resolve("store"), List.of("local-1a"))) {
      change.run(catalog, store);
    }
  }
}
