package dev.firn.snapshot;

import dev.firn.base.Bytes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a diff has to tell, found by looking at every file of both trees. Names are ASCII. */
final class BruteForceDiff {
  /** One path; an identity tells files apart that got the same inode number at different times. */
  private record Node(String identity, String parentIdentity, String name, String state) {}

  private record Line(String path, int order, String text) {}

  private BruteForceDiff() {}

  static List<String> lines(FileSystem before, FileSystem after) throws IOException {
    Map<String, Node> old = nodes(before);
    Map<String, Node> now = nodes(after);
    Map<String, TreeSet<String>> oldPaths = byInode(old);
    Map<String, TreeSet<String>> newPaths = byInode(now);
    TreeSet<Line> lines =
        new TreeSet<>(
            java.util.Comparator.comparing(Line::path)
                .thenComparing(Line::order)
                .thenComparing(Line::text));
    TreeMap<String, String> deleted = new TreeMap<>();
    TreeMap<String, String> added = new TreeMap<>();
    TreeSet<String> inodes = new TreeSet<>(oldPaths.keySet());
    inodes.addAll(newPaths.keySet());
    for (String inode : inodes) {
      // A name that stayed in its directory is no change, whatever its path is now.
      TreeSet<String> from = new TreeSet<>(oldPaths.getOrDefault(inode, new TreeSet<>()));
      TreeSet<String> to = new TreeSet<>(newPaths.getOrDefault(inode, new TreeSet<>()));
      for (String path : List.copyOf(from)) {
        for (String newPath : List.copyOf(to)) {
          if (old.get(path).parentIdentity().equals(now.get(newPath).parentIdentity())
              && old.get(path).name().equals(now.get(newPath).name())) {
            from.remove(path);
            to.remove(newPath);
          }
        }
      }
      for (String path : List.copyOf(from)) {
        if (to.remove(path)) {
          from.remove(path);
        }
      }
      while (!from.isEmpty() && !to.isEmpty()) {
        String path = from.pollFirst();
        lines.add(new Line(path, 1, "R " + path + " -> " + to.pollFirst()));
      }
      from.forEach(path -> deleted.put(path, inode));
      to.forEach(path -> added.put(path, inode));
    }
    TreeSet<String> told = new TreeSet<>(added.keySet());
    for (String path : deleted.keySet()) {
      boolean replaced = added.containsKey(path) && type(old.get(path)) == type(now.get(path));
      if (!replaced) {
        lines.add(new Line(path, 0, "D " + path));
        continue;
      }
      added.remove(path);
      if (!state(old.get(path), false).equals(state(now.get(path), false))) {
        lines.add(new Line(path, 3, "M " + path));
      }
    }
    added.keySet().forEach(path -> lines.add(new Line(path, 2, "A " + path)));
    now.forEach(
        (path, node) -> {
          TreeSet<String> was = oldPaths.get(node.identity());
          if (was == null || told.contains(path)) {
            return;
          }
          boolean entries = !names(old, node.identity()).equals(names(now, node.identity()));
          if (!state(old.get(was.first()), !entries).equals(state(node, !entries))) {
            String shown = path.isEmpty() ? "." : path;
            lines.add(new Line(shown, 3, "M " + shown));
          }
        });
    return lines.stream().map(Line::text).toList();
  }

  /** The names in a directory with what they lead to. */
  private static TreeMap<String, String> names(Map<String, Node> nodes, String directory) {
    TreeMap<String, String> names = new TreeMap<>();
    for (Node node : nodes.values()) {
      if (node.parentIdentity().equals(directory) && !node.name().isEmpty()) {
        names.put(node.name(), node.identity());
      }
    }
    return names;
  }

  private static char type(Node node) {
    return node.state().charAt(0);
  }

  /** What counts of a file; of a directory the time only if asked for. */
  private static String state(Node node, boolean withTime) {
    return type(node) == 'd' && !withTime
        ? node.state().substring(0, node.state().indexOf('@'))
        : node.state();
  }

  private static Map<String, TreeSet<String>> byInode(Map<String, Node> nodes) {
    Map<String, TreeSet<String>> paths = new TreeMap<>();
    nodes.forEach(
        (path, node) -> paths.computeIfAbsent(node.identity(), inode -> new TreeSet<>()).add(path));
    return paths;
  }

  private static Map<String, Node> nodes(FileSystem files) throws IOException {
    Map<String, Node> nodes = new TreeMap<>();
    Attributes root = files.getAttributes(FileSystem.ROOT_INODE);
    nodes.put("", new Node(identity(root), "", "", state(files, root)));
    List<String> waiting = new ArrayList<>(List.of(""));
    while (!waiting.isEmpty()) {
      String path = waiting.remove(waiting.size() - 1);
      String directory = nodes.get(path).identity();
      for (DirectoryEntry entry : new Files(files).entries(path)) {
        String name = Bytes.text(entry.name());
        if (name.equals(".") || name.equals("..")) {
          continue;
        }
        String child = path.isEmpty() ? name : path + "/" + name;
        Attributes attributes = files.getAttributes(entry.inode());
        nodes.put(child, new Node(identity(attributes), directory, name, state(files, attributes)));
        if (entry.type() == FileMode.DIRECTORY) {
          waiting.add(child);
        }
      }
    }
    return nodes;
  }

  private static String identity(Attributes of) {
    return of.inode() + ":" + of.generation() + ":" + (of.mode() & FileMode.TYPE_MASK);
  }

  private static String state(FileSystem files, Attributes of) throws IOException {
    String time = "@" + of.modifySeconds() + "." + of.modifyNanos();
    if (of.isDirectory()) {
      return "d " + of.mode() + " " + of.uid() + time;
    }
    ByteBuffer content = ByteBuffer.allocate((int) of.sizeBytes());
    files.read(of.inode(), 0, content);
    return "f " + of.mode() + " " + of.uid() + time + Bytes.text(content.array());
  }
}
