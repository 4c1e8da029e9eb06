package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a tree from a tar or zip archive that anybody may have written. Entries are resolved name
 * by name in the target, through directories that the archive has made; symbolic links are never
 * followed. Directories that the archive only implies get the times of the entry that needs them,
 * so that equal archives give equal trees.
 */
final class TarTreeReader implements TreeBuilder.Entry {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final int IMPLIED_MODE = FileMode.DIRECTORY | 0755;
  private static final int ACCESS_BITS = 0777;
  private static final int SPECIAL_BITS = 07000;
  private static final long ID_MAX = 0xffff_fffeL;

  /**
   * What a directory gets at the end: each name made in it changes its times, and takes over its
   * default ACL (null: none).
   */
  private record Finish(int mode, int uid, int gid, TreeBuilder.Times times, byte[] defaultAcl) {}

  private final ArchiveReader tar;
  private final TreeBuilder builder;
  private final long volumeSizeBytes;
  private final Progress progress;
  private final String source;
  private final Map<Long, Finish> directories = new HashMap<>();
  private final byte[] buffer = new byte[BUFFER_BYTES];

  // The directory of the entry before, name by name: the next one is usually close to it.
  private final List<byte[]> pathNames = new ArrayList<>();
  private final List<Long> pathInodes = new ArrayList<>();
  private TarEntry current;

  /**
   * @param volumeSizeBytes what the target holds at most
   */
  TarTreeReader(
      ArchiveReader tar,
      FileSystem target,
      long volumeSizeBytes,
      Progress progress,
      String source) {
    this.tar = tar;
    this.builder = new TreeBuilder(target, source);
    this.volumeSizeBytes = volumeSizeBytes;
    this.progress = progress;
    this.source = source;
  }

  /** Makes all of the tree; CORRUPT or NO_SPACE at the first thing that is wrong. */
  void restore() throws IOException {
    for (current = tar.next(); current != null; current = tar.next()) {
      directories.computeIfAbsent(FileSystem.ROOT_INODE, root -> implied());
      checkSize();
      add(split(current.name));
    }
    for (Map.Entry<Long, Finish> directory : directories.entrySet()) {
      Finish finish = directory.getValue();
      if (finish.defaultAcl != null) {
        builder.setXattr(directory.getKey(), PosixAcl.DEFAULT_NAME, finish.defaultAcl, this);
      }
      builder.finish(
          directory.getKey(), finish.mode, finish.uid, finish.gid, null, finish.times, this);
    }
    progress.finish();
  }

  private void add(List<byte[]> names) throws IOException {
    if (names.isEmpty()) {
      if (current.type != TarEntry.DIRECTORY) {
        throw hostile("leads out of the tree");
      }
      finishDirectory(FileSystem.ROOT_INODE);
      return;
    }
    byte[] name = names.remove(names.size() - 1);
    builder.checkName(name, this);
    switch (current.type) {
      case TarEntry.DIRECTORY -> addDirectory(names, name);
      case TarEntry.HARD_LINK -> addHardLink(names, name);
      case TarEntry.REGULAR -> {
        long inode = make(names, name, FileMode.REGULAR, 0);
        Long size = writeContent(inode);
        finish(inode, FileMode.REGULAR, size);
      }
      case TarEntry.SYMBOLIC_LINK -> {
        long inode = make(names, name, FileMode.SYMBOLIC_LINK, 0);
        finish(inode, FileMode.SYMBOLIC_LINK, null);
      }
      case TarEntry.FIFO -> finish(make(names, name, FileMode.FIFO, 0), FileMode.FIFO, null);
      case TarEntry.CHARACTER_DEVICE, TarEntry.BLOCK_DEVICE -> {
        int type =
            current.type == TarEntry.CHARACTER_DEVICE
                ? FileMode.CHARACTER_DEVICE
                : FileMode.BLOCK_DEVICE;
        int device = builder.device(current.deviceMajor, current.deviceMinor, this);
        finish(make(names, name, type, device), type, null);
      }
      default ->
          throw FirnException.corrupt(
              "%s: '%s' is of type %s, which Firn does not know",
              source, shown(), Names.printable(new byte[] {(byte) current.type}));
    }
  }

  private long make(List<byte[]> parents, byte[] name, int type, int device) throws IOException {
    int mode = type | current.mode & FileMode.PERMISSION_MASK;
    long parent = enter(parents, true);
    return builder.make(parent, name, mode, device, uid(), gid(), current.link, this);
  }

  private void addDirectory(List<byte[]> parents, byte[] name) throws IOException {
    long parent = enter(parents, true);
    Attributes there = builder.find(parent, name, this);
    if (there != null && !there.isDirectory()) {
      throw hostile("is there already, and no directory");
    }
    long inode =
        there != null
            ? there.inode()
            : builder.make(
                parent,
                name,
                FileMode.DIRECTORY | current.mode & FileMode.PERMISSION_MASK,
                0,
                uid(),
                gid(),
                current.link,
                this);
    finishDirectory(inode);
  }

  private void addHardLink(List<byte[]> parents, byte[] name) throws IOException {
    List<byte[]> target = split(current.link);
    Attributes linked = null;
    if (!target.isEmpty()) {
      byte[] targetName = target.remove(target.size() - 1);
      builder.checkName(targetName, this);
      long directory = enter(target, false);
      linked = directory == 0 ? null : builder.find(directory, targetName, this);
    }
    if (linked == null || linked.isDirectory()) {
      throw FirnException.corrupt(
          "%s: '%s' is a hard link to '%s', which is no file before it in the archive",
          source, shown(), Names.printable(current.link));
    }
    builder.link(linked.inode(), enter(parents, true), name, this);
  }

  /** Answers the size still to be set, or null. */
  private Long writeContent(long inode) throws IOException {
    long end = 0;
    int runs = current.sparse == null ? 1 : current.sparse.count();
    for (int run = 0; run < runs; run++) {
      long offset = current.sparse == null ? 0 : current.sparse.offset(run);
      long length = current.sparse == null ? current.storedBytes : current.sparse.length(run);
      end = offset + length;
      while (offset < end) {
        int count = tar.read(buffer, 0, (int) Math.min(buffer.length, end - offset));
        builder.write(inode, offset, buffer, 0, count, this);
        offset += count;
        progress.advance(count);
      }
    }
    return end == current.sizeBytes ? null : (Long) current.sizeBytes;
  }

  private void finish(long inode, int type, Long sizeBytes) throws IOException {
    int mode = type | setXattrs(inode);
    builder.finish(inode, mode, uid(), gid(), sizeBytes, times(), this);
  }

  private void finishDirectory(long inode) throws IOException {
    int mode = FileMode.DIRECTORY | setXattrs(inode);
    byte[] defaultAcl = current.xattrs.get(PosixAcl.DEFAULT_XATTR);
    if (defaultAcl == null) {
      defaultAcl = acl(current.defaultAcl);
    }
    directories.put(inode, new Finish(mode, uid(), gid(), times(), defaultAcl));
  }

  private Finish implied() {
    return new Finish(IMPLIED_MODE, 0, 0, times(), null);
  }

  /**
   * All but a default ACL, which only directories have. Answers the permissions of the mode: those
   * that the ACL says, if there is one. bsdtar's headers have the group's own instead of the mask.
   */
  private int setXattrs(long inode) throws IOException {
    for (Map.Entry<String, byte[]> xattr : current.xattrs.entrySet()) {
      if (!xattr.getKey().equals(PosixAcl.DEFAULT_XATTR)) {
        byte[] name = xattr.getKey().getBytes(StandardCharsets.ISO_8859_1);
        builder.setXattr(inode, name, xattr.getValue(), this);
      }
    }
    byte[] accessAcl = acl(current.accessAcl);
    if (accessAcl != null) {
      builder.setXattr(inode, PosixAcl.ACCESS_NAME, accessAcl, this);
    }
    if (accessAcl == null && !current.xattrs.containsKey(PosixAcl.ACCESS_XATTR)) {
      return current.mode & FileMode.PERMISSION_MASK;
    }
    int withAcl = builder.target().getAttributes(inode).mode();
    return current.mode & SPECIAL_BITS | withAcl & ACCESS_BITS;
  }

  /** Null if there is none, or none that means anything here. */
  private byte[] acl(byte[] text) {
    byte[] acl = text == null ? null : PosixAcl.fromText(text).orElse(null);
    if (text != null && acl == null) {
      progress.warning(
          String.format(
              "%s: the ACL of '%s' was left out: it has names instead of numbers",
              source, shown()));
    }
    return acl;
  }

  /**
   * The inode of a directory; 0 if it is not there.
   *
   * @param make make what is missing instead
   */
  private long enter(List<byte[]> names, boolean make) throws IOException {
    int depth = 0;
    while (depth < names.size()
        && depth < pathNames.size()
        && Arrays.equals(names.get(depth), pathNames.get(depth))) {
      depth++;
    }
    pathNames.subList(depth, pathNames.size()).clear();
    pathInodes.subList(depth, pathInodes.size()).clear();
    long inode = depth == 0 ? FileSystem.ROOT_INODE : pathInodes.get(depth - 1);
    for (; depth < names.size(); depth++) {
      byte[] name = names.get(depth);
      builder.checkName(name, this);
      Attributes next = builder.find(inode, name, this);
      if (next == null && !make) {
        return 0;
      }
      if (next != null && !next.isDirectory()) {
        throw hostile("goes through something that is no directory");
      }
      if (next != null) {
        inode = next.inode();
      } else {
        inode = builder.make(inode, name, IMPLIED_MODE, 0, 0, 0, current.link, this);
        directories.put(inode, implied());
      }
      pathNames.add(name);
      pathInodes.add(inode);
    }
    return inode;
  }

  /** The names of a path. "./" before it and slashes behind it are usual, and mean nothing. */
  private List<byte[]> split(byte[] path) {
    if (path.length > 0 && path[0] == '/') {
      throw hostile("is an absolute path");
    }
    List<byte[]> names = new ArrayList<>();
    int start = 0;
    for (int end = 0; end <= path.length; end++) {
      if (end < path.length && path[end] != '/') {
        continue;
      }
      byte[] name = Arrays.copyOfRange(path, start, end);
      start = end + 1;
      if (name.length > 0 && !(name.length == 1 && name[0] == '.')) {
        names.add(name);
      }
    }
    if (path.length == 0) {
      throw hostile("has no name");
    }
    return names;
  }

  private void checkSize() {
    if (current.sizeBytes > Sizes.VOLUME_BYTES_MAX) {
      throw FirnException.corrupt(
          "%s declares %d bytes for '%s', and the largest volume has %d; it is damaged or hostile",
          source, current.sizeBytes, shown(), Sizes.VOLUME_BYTES_MAX);
    }
    if (current.storedBytes > volumeSizeBytes) {
      throw FirnException.noSpace(
          "%s: '%s' of %s does not fit into a volume of %s; give a larger one with --size",
          source, shown(), Sizes.format(current.storedBytes), Sizes.format(volumeSizeBytes));
    }
  }

  private int uid() {
    return id(current.uid);
  }

  private int gid() {
    return id(current.gid);
  }

  private int id(long id) {
    if (id < 0 || id > ID_MAX) {
      throw FirnException.corrupt(
          "%s: '%s' belongs to %d, which is no user or group", source, shown(), id);
    }
    return (int) id;
  }

  private TreeBuilder.Times times() {
    PaxTime modify = current.modifyTime;
    PaxTime access = current.accessTime != null ? current.accessTime : modify;
    return new TreeBuilder.Times(
        access.seconds(), access.nanos(), modify.seconds(), modify.nanos());
  }

  private FirnException hostile(String reason) {
    return FirnException.corrupt(
        "%s: '%s' %s; the archive is damaged or hostile", source, shown(), reason);
  }

  @Override
  public String shown() {
    return current == null ? "/" : current.shown();
  }
}
