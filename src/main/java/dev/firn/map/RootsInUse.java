package dev.firn.map;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * The frozen roots of a map that are in somebody's hands: until they are closed, or nothing refers
 * to them any more. Safe for concurrent use.
 */
final class RootsInUse {
  private final Set<FrozenMap> maps = Collections.newSetFromMap(new WeakHashMap<>());

  synchronized FrozenMap add(FrozenMap issued) {
    maps.add(issued);
    return issued;
  }

  synchronized void remove(FrozenMap issued) {
    maps.remove(issued);
  }

  synchronized List<Node> roots() {
    List<Node> roots = new ArrayList<>();
    for (FrozenMap each : maps) {
      roots.add(each.currentRoot());
    }
    return roots;
  }
}
