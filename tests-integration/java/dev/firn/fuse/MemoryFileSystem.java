package dev.firn.fuse;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FileSystemStatus;
import dev.firn.vfs.SetAttributes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A file system in memory, one lock for all: what a transport's own figures and faults are told
 * apart with from those of the volume behind it.
 */
public final class MemoryFileSystem implements FileSystem {
  private static final int CHUNK_BYTES = 64 << 10;
  private static final long TOTAL_BYTES = 1L << 40;

  private static final class Node {
    final long inode;
    int mode;
    int uid;
    int gid;
    int device;
    long links;
    long references;
    boolean temporary;
    long sizeBytes;
    long[] times = new long[6];
    byte[] target;
    Node parent;
    TreeMap<String, Node> entries;
    final TreeMap<Long, byte[]> chunks = new TreeMap<>();
    final TreeMap<String, byte[]> xattrs = new TreeMap<>();

    Node(long inode, int mode) {
      this.inode = inode;
      this.mode = mode;
      if (FileMode.isDirectory(mode)) {
        entries = new TreeMap<>();
      }
    }
  }

  private final Map<Long, Node> nodes = new HashMap<>();
  private final Map<Long, Node> handles = new HashMap<>();
  private final Map<Long, List<DirectoryEntry>> listings = new HashMap<>();
  private long lastInode = 2;
  private long lastHandle;
  private int syncs;

  public MemoryFileSystem() {
    Node root = new Node(ROOT_INODE, FileMode.DIRECTORY | 0755);
    root.links = 2;
    root.parent = root;
    nodes.put(ROOT_INODE, root);
    touch(root, 0);
    touch(root, 2);
  }

  /** How often syncAll was called. */
  public synchronized int syncs() {
    return syncs;
  }

  /** Open files, listings and inodes without a name that are still held. */
  public synchronized int held() {
    int nameless = (int) nodes.values().stream().filter(node -> node.links == 0).count();
    return handles.size() + listings.size() + nameless;
  }

  @Override
  public synchronized Attributes lookup(long parent, byte[] name) throws ErrnoException {
    return attributes(child(directory(parent), name));
  }

  @Override
  public synchronized Attributes getAttributes(long inode) throws ErrnoException {
    return attributes(node(inode));
  }

  @Override
  public synchronized Attributes setAttributes(long inode, SetAttributes changes)
      throws ErrnoException {
    Node node = node(inode);
    if (changes.mode() != null) {
      node.mode = (node.mode & FileMode.TYPE_MASK) | changes.mode();
    }
    if (changes.uid() != null) {
      node.uid = changes.uid();
    }
    if (changes.gid() != null) {
      node.gid = changes.gid();
    }
    if (changes.sizeBytes() != null) {
      resize(node, changes.sizeBytes());
      touch(node, 2);
    }
    setTime(node, 0, changes.accessTime());
    setTime(node, 2, changes.modifyTime());
    touch(node, 4);
    return attributes(node);
  }

  @Override
  public synchronized boolean dropPrivileges(long inode) throws ErrnoException {
    Node node = node(inode);
    if (node.entries != null) {
      return false;
    }
    boolean runsAsGroup = (node.mode & 0010) != 0;
    int before = node.mode;
    node.mode &= ~(FileMode.SET_UID | (runsAsGroup ? FileMode.SET_GID : 0));
    return node.xattrs.remove("security.capability") != null || node.mode != before;
  }

  @Override
  public synchronized byte[] readLink(long inode) throws ErrnoException {
    Node node = node(inode);
    if (node.target == null) {
      throw new ErrnoException(Errno.EINVAL);
    }
    return node.target;
  }

  @Override
  public synchronized Attributes makeNode(
      long parent, byte[] name, int mode, int device, int uid, int gid) throws ErrnoException {
    Node node = make(parent, name, mode, uid, gid);
    node.device = device;
    node.links = 1;
    return attributes(node);
  }

  @Override
  public synchronized Attributes makeTemporary(long parent, int mode, int uid, int gid)
      throws ErrnoException {
    Node node = create(directory(parent), FileMode.REGULAR | mode, uid, gid);
    node.references = 1;
    node.temporary = true;
    return attributes(node);
  }

  @Override
  public synchronized Attributes makeDirectory(long parent, byte[] name, int mode, int uid, int gid)
      throws ErrnoException {
    Node node = make(parent, name, FileMode.DIRECTORY | mode, uid, gid);
    node.links = 2;
    node.parent = node(parent);
    node.parent.links++;
    return attributes(node);
  }

  @Override
  public synchronized Attributes makeSymbolicLink(
      long parent, byte[] name, byte[] target, int uid, int gid) throws ErrnoException {
    Node node = make(parent, name, FileMode.SYMBOLIC_LINK | 0777, uid, gid);
    node.links = 1;
    node.target = target;
    node.sizeBytes = target.length;
    return attributes(node);
  }

  @Override
  public synchronized Attributes link(long inode, long newParent, byte[] newName)
      throws ErrnoException {
    Node node = node(inode);
    Node directory = directory(newParent);
    if (node.links == 0 && !node.temporary) {
      throw new ErrnoException(Errno.ENOENT);
    }
    if (directory.entries.putIfAbsent(key(newName), node) != null) {
      throw new ErrnoException(Errno.EEXIST);
    }
    node.temporary = false;
    node.links++;
    return attributes(node);
  }

  @Override
  public synchronized void unlink(long parent, byte[] name) throws ErrnoException {
    Node directory = directory(parent);
    Node node = child(directory, name);
    if (node.entries != null) {
      throw new ErrnoException(Errno.EISDIR);
    }
    directory.entries.remove(key(name));
    touch(directory, 2);
    dropLink(node);
  }

  @Override
  public synchronized void removeDirectory(long parent, byte[] name) throws ErrnoException {
    Node directory = directory(parent);
    Node node = child(directory, name);
    if (node.entries == null) {
      throw new ErrnoException(Errno.ENOTDIR);
    }
    if (!node.entries.isEmpty()) {
      throw new ErrnoException(Errno.ENOTEMPTY);
    }
    directory.entries.remove(key(name));
    directory.links--;
    node.links = 0;
    dropIfUnused(node);
  }

  @Override
  public synchronized void rename(
      long parent, byte[] name, long newParent, byte[] newName, int flags) throws ErrnoException {
    Node from = directory(parent);
    Node to = directory(newParent);
    Node node = child(from, name);
    Node replaced = to.entries.get(key(newName));
    if (replaced == node) {
      return;
    }
    if (replaced != null && replaced.entries != null) {
      removeDirectory(newParent, newName);
    } else if (replaced != null) {
      dropLink(replaced);
    }
    from.entries.remove(key(name));
    to.entries.put(key(newName), node);
    if (node.entries != null) {
      from.links--;
      to.links++;
      node.parent = to;
    }
  }

  @Override
  public synchronized long open(long inode, boolean forWriting) throws ErrnoException {
    Node node = node(inode);
    node.references++;
    handles.put(++lastHandle, node);
    return lastHandle;
  }

  @Override
  public synchronized void release(long handle) throws ErrnoException {
    Node node = handles.remove(handle);
    node.references--;
    dropIfUnused(node);
  }

  @Override
  public synchronized int read(long inode, long offset, ByteBuffer target) throws ErrnoException {
    Node node = node(inode);
    int length = (int) Math.max(0, Math.min(target.remaining(), node.sizeBytes - offset));
    for (int done = 0; done < length; ) {
      long position = offset + done;
      int inside = (int) (position % CHUNK_BYTES);
      int part = Math.min(CHUNK_BYTES - inside, length - done);
      byte[] chunk = node.chunks.get(position / CHUNK_BYTES);
      target.put(chunk == null ? new byte[CHUNK_BYTES] : chunk, inside, part);
      done += part;
    }
    return length;
  }

  @Override
  public synchronized void write(long inode, long offset, ByteBuffer source) throws ErrnoException {
    Node node = node(inode);
    long position = offset;
    while (source.hasRemaining()) {
      int inside = (int) (position % CHUNK_BYTES);
      int part = Math.min(CHUNK_BYTES - inside, source.remaining());
      byte[] chunk =
          node.chunks.computeIfAbsent(position / CHUNK_BYTES, index -> new byte[CHUNK_BYTES]);
      source.get(chunk, inside, part);
      position += part;
    }
    node.sizeBytes = Math.max(node.sizeBytes, position);
    touch(node, 2);
  }

  @Override
  public synchronized void allocate(long inode, int mode, long offset, long length)
      throws ErrnoException {
    if (mode != 0) {
      throw new ErrnoException(Errno.EOPNOTSUPP);
    }
    Node node = node(inode);
    node.sizeBytes = Math.max(node.sizeBytes, offset + length);
  }

  @Override
  public long seek(long inode, long offset, boolean hole) throws ErrnoException {
    throw new ErrnoException(Errno.EOPNOTSUPP);
  }

  @Override
  public long copyRange(long source, long sourceOffset, long target, long targetOffset, long length)
      throws ErrnoException {
    throw new ErrnoException(Errno.EOPNOTSUPP);
  }

  @Override
  public void sync(long inode) {
    // Memory is as durable as it gets.
  }

  @Override
  public synchronized void syncAll() {
    syncs++;
  }

  @Override
  public synchronized long openDirectory(long inode) throws ErrnoException {
    Node directory = directory(inode);
    List<DirectoryEntry> listing = new ArrayList<>();
    add(listing, ".", directory);
    add(listing, "..", directory.parent);
    directory.entries.forEach((name, node) -> add(listing, name, node));
    listings.put(++lastHandle, listing);
    return lastHandle;
  }

  @Override
  public synchronized List<DirectoryEntry> readDirectory(long handle, long cookie, int limit) {
    List<DirectoryEntry> listing = listings.get(handle);
    return listing.subList((int) cookie, (int) Math.min(listing.size(), cookie + limit));
  }

  @Override
  public synchronized void releaseDirectory(long handle) {
    listings.remove(handle);
  }

  @Override
  public synchronized byte[] getXattr(long inode, byte[] name) throws ErrnoException {
    return required(node(inode).xattrs.get(key(name)));
  }

  @Override
  public synchronized void setXattr(long inode, byte[] name, byte[] value, int flags)
      throws ErrnoException {
    Map<String, byte[]> xattrs = node(inode).xattrs;
    if (flags == XATTR_CREATE && xattrs.containsKey(key(name))) {
      throw new ErrnoException(Errno.EEXIST);
    }
    if (flags == XATTR_REPLACE) {
      required(xattrs.get(key(name)));
    }
    xattrs.put(key(name), value);
  }

  @Override
  public synchronized List<byte[]> listXattrs(long inode) throws ErrnoException {
    return node(inode).xattrs.keySet().stream()
        .map(name -> name.getBytes(StandardCharsets.ISO_8859_1))
        .toList();
  }

  @Override
  public synchronized void removeXattr(long inode, byte[] name) throws ErrnoException {
    required(node(inode).xattrs.remove(key(name)));
  }

  @Override
  public FileSystemStatus status() {
    return new FileSystemStatus(TOTAL_BYTES, TOTAL_BYTES / 2, 1 << 20, 1 << 19);
  }

  @Override
  public synchronized void remember(long inode) {
    nodes.get(inode).references++;
  }

  @Override
  public synchronized void forget(long inode, long count) {
    Node node = nodes.get(inode);
    node.references -= count;
    dropIfUnused(node);
  }

  @Override
  public void close() {
    // Nothing to let go of.
  }

  private Node make(long parent, byte[] name, int mode, int uid, int gid) throws ErrnoException {
    Node directory = directory(parent);
    if (directory.entries.containsKey(key(name))) {
      throw new ErrnoException(Errno.EEXIST);
    }
    if (name.length > NAME_BYTES_MAX) {
      throw new ErrnoException(Errno.ENAMETOOLONG);
    }
    Node node = create(directory, mode, uid, gid);
    directory.entries.put(key(name), node);
    touch(directory, 2);
    return node;
  }

  private Node create(Node directory, int mode, int uid, int gid) {
    boolean inherits = (directory.mode & FileMode.SET_GID) != 0;
    int inherited = inherits && FileMode.isDirectory(mode) ? FileMode.SET_GID : 0;
    Node node = new Node(++lastInode, mode | inherited);
    node.uid = uid;
    node.gid = inherits ? directory.gid : gid;
    for (int field = 0; field < 6; field += 2) {
      touch(node, field);
    }
    nodes.put(node.inode, node);
    return node;
  }

  private void dropLink(Node node) {
    node.links--;
    dropIfUnused(node);
  }

  private void dropIfUnused(Node node) {
    if (node.links == 0 && node.references == 0) {
      nodes.remove(node.inode);
    }
  }

  private static void resize(Node node, long sizeBytes) {
    if (sizeBytes < node.sizeBytes) {
      node.chunks.tailMap(sizeBytes / CHUNK_BYTES, false).clear();
      byte[] last = node.chunks.get(sizeBytes / CHUNK_BYTES);
      if (last != null) {
        Arrays.fill(last, (int) (sizeBytes % CHUNK_BYTES), CHUNK_BYTES, (byte) 0);
      }
    }
    node.sizeBytes = sizeBytes;
  }

  private Node node(long inode) throws ErrnoException {
    Node node = nodes.get(inode);
    if (node == null) {
      throw new ErrnoException(Errno.ESTALE);
    }
    return node;
  }

  private Node directory(long inode) throws ErrnoException {
    Node node = node(inode);
    if (node.entries == null) {
      throw new ErrnoException(Errno.ENOTDIR);
    }
    return node;
  }

  private static Node child(Node directory, byte[] name) throws ErrnoException {
    Node node = directory.entries.get(key(name));
    if (node == null) {
      throw new ErrnoException(Errno.ENOENT);
    }
    return node;
  }

  private static byte[] required(byte[] value) throws ErrnoException {
    if (value == null) {
      throw new ErrnoException(Errno.ENODATA);
    }
    return value;
  }

  private static void add(List<DirectoryEntry> listing, String name, Node node) {
    listing.add(
        new DirectoryEntry(
            name.getBytes(StandardCharsets.ISO_8859_1),
            node.inode,
            node.mode & FileMode.TYPE_MASK,
            listing.size() + 1L));
  }

  private static void setTime(Node node, int field, SetAttributes.TimeChange change) {
    if (change != null && change.now()) {
      touch(node, field);
    } else if (change != null) {
      node.times[field] = change.seconds();
      node.times[field + 1] = change.nanos();
    }
  }

  private static void touch(Node node, int field) {
    Instant now = Instant.now();
    node.times[field] = now.getEpochSecond();
    node.times[field + 1] = now.getNano();
  }

  private static Attributes attributes(Node node) {
    return new Attributes(
        node.inode,
        node.mode,
        node.uid,
        node.gid,
        node.links,
        node.sizeBytes,
        (long) node.chunks.size() * CHUNK_BYTES,
        node.device,
        0,
        node.times[0],
        (int) node.times[1],
        node.times[2],
        (int) node.times[3],
        node.times[4],
        (int) node.times[5]);
  }

  private static String key(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
