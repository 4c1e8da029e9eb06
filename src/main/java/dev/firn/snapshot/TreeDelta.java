package dev.firn.snapshot;

import dev.firn.base.FirnException;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapCursor;
import dev.firn.map.MapEntry;
import dev.firn.snapshot.TreeSide.Link;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.InodeCodec;
import dev.firn.vfs.Keys;
import dev.firn.vfs.Tree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * All that makes one tree of another: which inodes of the base stay, which names go, which come,
 * and what changes in those that stay. Made in time and memory that depend on what differs and on
 * how many names the directories have that it is in. A value once made.
 *
 * <p>An inode <em>stays</em> if it has names in both trees and is the same file in both. All others
 * of the new tree are new: all their names come.
 */
public final class TreeDelta {
  /** A name in the base that matters, and those that matter in it when it is a directory. */
  public static final class BaseName {
    private final byte[] name;
    private final long inode;
    private final Attributes attributes;
    private final TreeMap<byte[], BaseName> children = new TreeMap<>(Arrays::compareUnsigned);
    private boolean gone;
    private boolean reference;

    private BaseName(byte[] name, long inode, Attributes attributes) {
      this.name = name;
      this.inode = inode;
      this.attributes = attributes;
    }

    /** Empty for the root. */
    public byte[] name() {
      return name;
    }

    public long inode() {
      return inode;
    }

    /** As they were in the base. */
    public Attributes attributes() {
      return attributes;
    }

    /** Whether the directory that it is in does not have this name any more. */
    public boolean isGone() {
      return gone;
    }

    /** Whether the inode stays and this is the name to find it by. */
    public boolean isReference() {
      return reference;
    }

    /** In ascending order of names; a directory that goes does not list what goes with it. */
    public Collection<BaseName> children() {
      return Collections.unmodifiableCollection(children.values());
    }
  }

  /** An inode that stays. */
  public static final class Change {
    private final long inode;
    private boolean attributes;
    private boolean xattrs;
    private Ranges content = new Ranges();

    private Change(long inode) {
      this.inode = inode;
    }

    public long inode() {
      return inode;
    }

    /** Whether mode, owner, size or times are others; if not, only content may be. */
    public boolean isCertain() {
      return attributes || xattrs;
    }

    /** Whether extended attributes are others. */
    public boolean hasXattrs() {
      return xattrs;
    }

    /** Where content may be another. */
    public Ranges content() {
      return content;
    }
  }

  private final FrozenMap before;
  private final TreeSide oldSide;
  private final KeyChanges keys;

  private final Map<Long, TreeMap<byte[], Long>> come = new HashMap<>();
  private final Map<Long, Change> changes = new TreeMap<>();
  private final Map<Long, BaseName> directories = new HashMap<>();
  private BaseName root;

  private TreeDelta(FrozenMap before, FrozenMap after) {
    this.before = before;
    this.oldSide = new TreeSide(before);
    this.keys = new KeyChanges(oldSide, new TreeSide(after));
  }

  /** Compares two trees of one store. They share what makes this fast if one came of the other. */
  public static TreeDelta between(FrozenMap before, FrozenMap after) throws IOException {
    TreeDelta delta = new TreeDelta(before, after);
    delta.keys.find();
    delta.findChanges();
    delta.findBaseNames();
    return delta;
  }

  /** The base's root, below which all its names are that matter. */
  public BaseName base() {
    return root;
  }

  /** The names that come into a directory of the new tree, in order, and their inodes. */
  public Map<byte[], Long> comeInto(long directory) {
    TreeMap<byte[], Long> names = come.get(directory);
    return names == null ? Map.of() : Collections.unmodifiableMap(names);
  }

  /** What has, or may have, changed in an inode that stays; null: nothing. */
  public Change change(long inode) {
    return changes.get(inode);
  }

  /**
   * About how many bytes of contents are new or others: more where bytes only moved in the store.
   */
  public long changedBytes() {
    long bytes = 0;
    for (KeyChanges.Touched which : keys.touched().values()) {
      boolean gone = which.before != null && which.after == null;
      for (int i = 0; !gone && i < which.content.count(); i++) {
        bytes += which.content.to(i) - which.content.from(i);
      }
    }
    return bytes;
  }

  /** Whether an inode of either tree is in both. */
  private boolean stays(long inode) throws IOException {
    KeyChanges.Touched which = keys.touched().get(inode);
    if (which == null || which.before == null && which.after == null) {
      // Its key is equal in both: there, or in neither.
      MapEntry entry = before.get(Keys.inode(inode));
      return entry != null && InodeCodec.attributes(inode, entry.value()).linkCount() > 0;
    }
    return which.before != null
        && which.after != null
        && which.before.linkCount() > 0
        && which.after.linkCount() > 0
        && !keys.isReplaced(inode);
  }

  private void findChanges() throws IOException {
    for (Link link : keys.come().values()) {
      come.computeIfAbsent(link.parent(), directory -> new TreeMap<>(Arrays::compareUnsigned))
          .put(link.name(), link.inode());
    }
    for (Map.Entry<Long, KeyChanges.Touched> entry : keys.touched().entrySet()) {
      long inode = entry.getKey();
      KeyChanges.Touched which = entry.getValue();
      if (!stays(inode)) {
        continue;
      }
      boolean attributes = which.before != null && !sameAttributes(which.before, which.after);
      if (attributes || which.xattrs || !which.content.isEmpty()) {
        Change change = changed(inode);
        change.attributes = attributes;
        change.xattrs = which.xattrs;
        change.content = which.content;
      }
    }
    // What is done to names changes the times of their directories, whatever these were.
    Set<Long> listed = new HashSet<>(come.keySet());
    keys.gone().keySet().forEach(place -> listed.add(place.directory()));
    listed.add(FileSystem.ROOT_INODE);
    for (long directory : listed) {
      if (stays(directory)) {
        changed(directory).attributes = true;
      }
    }
  }

  private Change changed(long inode) {
    return changes.computeIfAbsent(inode, Change::new);
  }

  private static boolean sameAttributes(Attributes a, Attributes b) {
    return FileComparison.sameAttributes(a, b)
        && a.accessSeconds() == b.accessSeconds()
        && a.accessNanos() == b.accessNanos();
  }

  /** Finds a name for every inode that stays and is needed, and builds the tree of base names. */
  private void findBaseNames() throws IOException {
    root = new BaseName(new byte[0], FileSystem.ROOT_INODE, oldAttributes(FileSystem.ROOT_INODE));
    root.reference = true;
    directories.put(FileSystem.ROOT_INODE, root);

    Set<Long> needed = new HashSet<>(changes.keySet());
    for (TreeMap<byte[], Long> names : come.values()) {
      for (long inode : names.values()) {
        if (stays(inode)) {
          needed.add(inode);
        }
      }
    }
    Map<Long, Link> references = references(needed);
    List<Link> going = new ArrayList<>();
    for (Link link : keys.gone().values()) {
      // Names in directories that go need not be told.
      if (stays(link.parent())) {
        going.add(link);
        needed.add(link.parent());
      }
    }
    Map<Long, Link> ways = ways(references, going);
    for (Link link : references.values()) {
      place(link, ways).reference = true;
    }
    for (Link link : going) {
      place(link, ways);
    }
  }

  /** The names that lead to the directories which these names are in. */
  private Map<Long, Link> ways(Map<Long, Link> references, List<Link> going) throws IOException {
    Map<Long, Link> ways = new HashMap<>();
    Set<Long> wanted = new HashSet<>();
    for (Link link : references.values()) {
      wanted.add(link.parent());
      if (oldAttributes(link.inode()).isDirectory()) {
        ways.put(link.inode(), link);
      }
    }
    going.forEach(link -> wanted.add(link.parent()));
    while (true) {
      wanted.removeIf(inode -> inode == FileSystem.ROOT_INODE || ways.containsKey(inode));
      Map<Long, Link> found = namesByParent(wanted);
      if (found.size() < wanted.size()) {
        throw FirnException.corrupt(
            "a directory of the base snapshot is in no other; run 'firn check'");
      }
      if (found.isEmpty()) {
        break;
      }
      ways.putAll(found);
      wanted.clear();
      found.values().forEach(link -> wanted.add(link.parent()));
    }
    return ways;
  }

  /** The node of a name, with those of all directories on the way to it. */
  private BaseName place(Link link, Map<Long, Link> ways) throws IOException {
    List<Link> way = new ArrayList<>();
    Link at = link;
    while (!directories.containsKey(at.parent())) {
      at = ways.get(at.parent());
      way.add(at);
    }
    BaseName node = directories.get(at.parent());
    for (int i = way.size() - 1; i >= 0; i--) {
      node = child(node, way.get(i));
    }
    return child(node, link);
  }

  private BaseName child(BaseName parent, Link link) throws IOException {
    BaseName node = parent.children.get(link.name());
    if (node == null) {
      Attributes attributes = oldAttributes(link.inode());
      node = new BaseName(link.name(), link.inode(), attributes);
      node.gone = keys.gone().containsKey(KeyChanges.Place.of(link));
      parent.children.put(link.name(), node);
      if (attributes.isDirectory()) {
        node.reference = stays(link.inode());
        directories.put(link.inode(), node);
      }
    }
    return node;
  }

  private Attributes oldAttributes(long inode) throws IOException {
    MapEntry entry = before.get(Keys.inode(inode));
    if (entry == null) {
      throw new IOException("inode " + inode + " of the base is missing");
    }
    return InodeCodec.attributes(inode, entry.value());
  }

  /** One name in the base of each of these inodes but the root. */
  private Map<Long, Link> references(Set<Long> inodes) throws IOException {
    Map<Long, Link> found = new HashMap<>();
    for (Link link : keys.gone().values()) {
      if (inodes.contains(link.inode())) {
        found.merge(link.inode(), link, TreeDelta::first);
      }
    }
    Set<Long> wanted = new HashSet<>(inodes);
    wanted.remove(FileSystem.ROOT_INODE);
    wanted.removeAll(found.keySet());
    found.putAll(namesByParent(wanted));
    wanted.removeAll(found.keySet());
    if (!wanted.isEmpty()) {
      // Hard links whose first name is gone.
      oldSide.links(wanted).forEach((inode, links) -> found.put(inode, links.get(0)));
      wanted.removeAll(found.keySet());
    }
    if (!wanted.isEmpty()) {
      throw FirnException.corrupt(
          "%d files of the base snapshot have no name; run 'firn check'", wanted.size());
    }
    return found;
  }

  private static Link first(Link a, Link b) {
    int byParent = Long.compare(a.parent(), b.parent());
    return (byParent != 0 ? byParent : Arrays.compareUnsigned(a.name(), b.name())) <= 0 ? a : b;
  }

  /** A name of each of these inodes that is in the directory which the inode says it is in. */
  private Map<Long, Link> namesByParent(Set<Long> inodes) throws IOException {
    Map<Long, Set<Long>> byParent = new TreeMap<>();
    for (long inode : inodes) {
      MapEntry entry = before.get(Keys.inode(inode));
      if (entry == null) {
        throw new IOException("inode " + inode + " of the base is missing");
      }
      byParent
          .computeIfAbsent(InodeCodec.parent(entry.value()), parent -> new HashSet<>())
          .add(inode);
    }
    Map<Long, Link> found = new HashMap<>();
    for (Map.Entry<Long, Set<Long>> wanted : byParent.entrySet()) {
      long parent = wanted.getKey();
      Set<Long> missing = wanted.getValue();
      MapCursor cursor = before.cursor(Keys.first(parent, Keys.DIRENT));
      while (!missing.isEmpty() && cursor.next() && Keys.is(cursor.key(), parent, Keys.DIRENT)) {
        long inode = Tree.entryInode(cursor.value());
        if (missing.remove(inode)) {
          found.put(inode, new Link(parent, Keys.entryNameOf(cursor.key()), inode));
        }
      }
    }
    return found;
  }
}
