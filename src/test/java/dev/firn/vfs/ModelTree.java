package dev.firn.vfs;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a file system must do, written down as plainly as possible: objects, whole arrays of bytes,
 * checks in the order of the manual pages. The oracle of {@link VolumeModelTest}.
 */
final class ModelTree {
  static final String CAPABILITY = "security.capability";

  /** One inode. Arrays are never changed once they are in, so that copies may share them. */
  static final class Node {
    int mode;
    int uid;
    int gid;
    int device;
    byte[] content = {};
    Map<String, byte[]> xattrs = new TreeMap<>();
    TreeMap<String, Node> children;
    Node parent;
    int links = 1;

    /** Made without a name, and never had one. */
    boolean temporary;

    long accessSeconds;
    long modifySeconds;
    long changeSeconds;

    boolean isDirectory() {
      return children != null;
    }

    long linkCount() {
      if (!isDirectory()) {
        return links;
      }
      return links == 0 ? 0 : 2 + children.values().stream().filter(Node::isDirectory).count();
    }
  }

  Node root = new Node();
  long now;

  ModelTree(long now) {
    this.now = now;
    root.mode = FileMode.DIRECTORY | 0755;
    root.children = new TreeMap<>();
    root.parent = root;
    root.accessSeconds = now;
    root.modifySeconds = now;
    root.changeSeconds = now;
  }

  /** The same tree, independent of this one. */
  ModelTree copy() {
    ModelTree copy = new ModelTree(now);
    copy.root = copy(root, new HashMap<>());
    copy.root.parent = copy.root;
    return copy;
  }

  private static Node copy(Node node, Map<Node, Node> done) {
    Node known = done.get(node);
    if (known != null) {
      return known;
    }
    Node copy = new Node();
    done.put(node, copy);
    copy.mode = node.mode;
    copy.uid = node.uid;
    copy.gid = node.gid;
    copy.device = node.device;
    copy.content = node.content;
    copy.xattrs = new TreeMap<>(node.xattrs);
    copy.links = node.links;
    copy.accessSeconds = node.accessSeconds;
    copy.modifySeconds = node.modifySeconds;
    copy.changeSeconds = node.changeSeconds;
    if (node.isDirectory()) {
      copy.children = new TreeMap<>();
      node.children.forEach(
          (name, child) -> {
            Node copied = copy(child, done);
            copied.parent = copy;
            copy.children.put(name, copied);
          });
    }
    return copy;
  }

  private static void require(boolean condition, Errno otherwise) throws ErrnoException {
    if (!condition) {
      throw new ErrnoException(otherwise);
    }
  }

  private Node child(Node parent, String name) throws ErrnoException {
    require(parent.isDirectory(), Errno.ENOTDIR);
    require(parent.children.containsKey(name), Errno.ENOENT);
    return parent.children.get(name);
  }

  private void entriesChanged(Node directory) {
    directory.modifySeconds = now;
    directory.changeSeconds = now;
  }

  Node make(Node parent, String name, int mode, int device, int uid, int gid, byte[] target)
      throws ErrnoException {
    require(parent.isDirectory(), Errno.ENOTDIR);
    require(parent.links > 0, Errno.ENOENT);
    require(!parent.children.containsKey(name), Errno.EEXIST);
    Node node = make(parent, mode, device, uid, gid, target);
    parent.children.put(name, node);
    entriesChanged(parent);
    return node;
  }

  Node makeTemporary(Node parent, int mode, int uid, int gid) throws ErrnoException {
    require(parent.isDirectory(), Errno.ENOTDIR);
    require(parent.links > 0, Errno.ENOENT);
    Node node = make(parent, mode, 0, uid, gid, null);
    node.links = 0;
    node.temporary = true;
    return node;
  }

  private Node make(Node parent, int mode, int device, int uid, int gid, byte[] target) {
    Node node = new Node();
    node.mode = mode;
    node.device = device;
    node.uid = uid;
    boolean inherits = (parent.mode & FileMode.SET_GID) != 0;
    node.gid = inherits ? parent.gid : gid;
    node.accessSeconds = now;
    if (FileMode.isDirectory(mode)) {
      node.children = new TreeMap<>();
      node.mode |= inherits ? FileMode.SET_GID : 0;
    }
    if (target != null) {
      node.content = target;
    }
    entriesChanged(node);
    node.parent = parent;
    return node;
  }

  void link(Node node, Node parent, String name) throws ErrnoException {
    require(!node.isDirectory(), Errno.EPERM);
    require(parent.isDirectory(), Errno.ENOTDIR);
    require(parent.links > 0, Errno.ENOENT);
    require(node.links > 0 || node.temporary, Errno.ENOENT);
    require(!parent.children.containsKey(name), Errno.EEXIST);
    node.temporary = false;
    node.links++;
    node.changeSeconds = now;
    parent.children.put(name, node);
    entriesChanged(parent);
  }

  void remove(Node parent, String name, boolean directory) throws ErrnoException {
    Node node = child(parent, name);
    require(directory || !node.isDirectory(), Errno.EISDIR);
    require(!directory || node.isDirectory(), Errno.ENOTDIR);
    require(!directory || node.children.isEmpty(), Errno.ENOTEMPTY);
    parent.children.remove(name);
    entriesChanged(parent);
    node.links--;
    node.changeSeconds = now;
  }

  void rename(Node parent, String name, Node newParent, String newName, int flags)
      throws ErrnoException {
    require(parent.isDirectory() && newParent.isDirectory(), Errno.ENOTDIR);
    require(newParent.links > 0, Errno.ENOENT);
    Node node = child(parent, name);
    Node target = newParent.children.get(newName);
    boolean exchange = flags == FileSystem.RENAME_EXCHANGE;
    require(!exchange || target != null, Errno.ENOENT);
    require(flags != FileSystem.RENAME_NO_REPLACE || target == null, Errno.EEXIST);
    if (node == target) {
      return;
    }
    require(!isWithin(newParent, node), Errno.EINVAL);
    if (exchange) {
      require(!isWithin(parent, target), Errno.EINVAL);
    } else if (target != null) {
      require(!node.isDirectory() || target.isDirectory(), Errno.ENOTDIR);
      require(node.isDirectory() || !target.isDirectory(), Errno.EISDIR);
      require(!target.isDirectory() || target.children.isEmpty(), Errno.ENOTEMPTY);
      target.links--;
      target.changeSeconds = now;
    }
    parent.children.remove(name);
    newParent.children.put(newName, node);
    node.parent = newParent;
    node.changeSeconds = now;
    if (exchange) {
      parent.children.put(name, target);
      target.parent = parent;
      target.changeSeconds = now;
    }
    entriesChanged(parent);
    entriesChanged(newParent);
  }

  private static boolean isWithin(Node directory, Node node) {
    for (Node at = directory; ; at = at.parent) {
      if (at == node) {
        return true;
      }
      if (at == at.parent) {
        return false;
      }
    }
  }

  private static void requireRegular(Node node) throws ErrnoException {
    require(!node.isDirectory(), Errno.EISDIR);
    require(FileMode.isRegular(node.mode), Errno.EINVAL);
  }

  void write(Node node, int offset, byte[] bytes) throws ErrnoException {
    requireRegular(node);
    byte[] content =
        Arrays.copyOf(node.content, Math.max(node.content.length, offset + bytes.length));
    System.arraycopy(bytes, 0, content, offset, bytes.length);
    node.content = content;
    entriesChanged(node);
  }

  void zero(Node node, int offset, int length, boolean keepSize) throws ErrnoException {
    requireRegular(node);
    int size = node.content.length;
    byte[] content = Arrays.copyOf(node.content, keepSize ? size : Math.max(size, offset + length));
    if (offset < content.length) {
      Arrays.fill(content, offset, Math.min(content.length, offset + length), (byte) 0);
    }
    node.content = content;
    entriesChanged(node);
  }

  int copyRange(Node source, int sourceOffset, Node target, int targetOffset, int length)
      throws ErrnoException {
    require(
        source != target || length == 0 || Math.abs(sourceOffset - targetOffset) >= length,
        Errno.EINVAL);
    requireRegular(source);
    requireRegular(target);
    int count = Math.min(length, source.content.length - sourceOffset);
    if (count <= 0) {
      return 0;
    }
    byte[] part = Arrays.copyOfRange(source.content, sourceOffset, sourceOffset + count);
    write(target, targetOffset, part);
    return count;
  }

  void setAttributes(Node node, SetAttributes changes) throws ErrnoException {
    if (changes.sizeBytes() != null) {
      requireRegular(node);
      node.content = Arrays.copyOf(node.content, (int) (long) changes.sizeBytes());
      node.modifySeconds = now;
    }
    boolean owner = changes.uid() != null || changes.gid() != null;
    node.uid = changes.uid() != null ? changes.uid() : node.uid;
    node.gid = changes.gid() != null ? changes.gid() : node.gid;
    if (changes.mode() != null) {
      node.mode = (node.mode & FileMode.TYPE_MASK) | changes.mode();
    } else if (owner && !node.isDirectory()) {
      node.mode &= (node.mode & 010) != 0 ? ~06000 : ~04000;
    }
    if (owner && !node.isDirectory()) {
      node.xattrs.remove(CAPABILITY);
    }
    if (changes.accessTime() != null) {
      node.accessSeconds = changes.accessTime().seconds();
    }
    if (changes.modifyTime() != null) {
      node.modifySeconds = changes.modifyTime().seconds();
    }
    node.changeSeconds = now;
  }

  void dropPrivileges(Node node) {
    int mode = (node.mode & 010) != 0 ? node.mode & ~06000 : node.mode & ~04000;
    if (!node.isDirectory() && (mode != node.mode || node.xattrs.containsKey(CAPABILITY))) {
      node.mode = mode;
      node.xattrs.remove(CAPABILITY);
      node.changeSeconds = now;
    }
  }

  void setXattr(Node node, String name, byte[] value, int flags) throws ErrnoException {
    boolean there = node.xattrs.containsKey(name);
    require(flags != FileSystem.XATTR_CREATE || !there, Errno.EEXIST);
    require(flags != FileSystem.XATTR_REPLACE || there, Errno.ENODATA);
    node.xattrs.put(name, value);
    node.changeSeconds = now;
  }

  void removeXattr(Node node, String name) throws ErrnoException {
    require(node.xattrs.remove(name) != null, Errno.ENODATA);
    node.changeSeconds = now;
  }
}
