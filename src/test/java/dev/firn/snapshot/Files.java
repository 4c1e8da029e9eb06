package dev.firn.snapshot;

import dev.firn.base.Bytes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.DirectoryEntry;
import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.function.Executable;

/** A file system by paths, as tests want it: names are text, parents are looked up. */
public record Files(FileSystem of) {
  public static final int FILE = FileMode.REGULAR | 0644;

  /** Fails unless the action answers with this error number. */
  public static void answers(Errno errno, Executable action) {
    ErrnoException thrown = Assertions.assertThrows(ErrnoException.class, action);
    Assertions.assertEquals(errno, thrown.errno());
  }

  public long inode(String path) throws IOException {
    return attributes(path).inode();
  }

  public Attributes attributes(String path) throws IOException {
    Attributes at = of.getAttributes(FileSystem.ROOT_INODE);
    for (String name : path.split("/")) {
      if (!name.isEmpty()) {
        at = of.lookup(at.inode(), Bytes.utf8(name));
      }
    }
    return at;
  }

  public boolean exists(String path) throws IOException {
    try {
      attributes(path);
      return true;
    } catch (ErrnoException e) {
      Assertions.assertTrue(e.errno() == Errno.ENOENT || e.errno() == Errno.ENOTDIR, e.toString());
      return false;
    }
  }

  /** Makes or replaces a file's content. */
  public long write(String path, String content) throws IOException {
    long inode =
        exists(path) ? inode(path) : of.makeNode(parent(path), name(path), FILE, 0, 0, 0).inode();
    of.setAttributes(inode, SetAttributes.size(0));
    of.write(inode, 0, ByteBuffer.wrap(Bytes.utf8(content)));
    return inode;
  }

  public String read(String path) throws IOException {
    Attributes attributes = attributes(path);
    ByteBuffer target = ByteBuffer.allocate((int) attributes.sizeBytes());
    of.read(attributes.inode(), 0, target);
    return Bytes.text(target.array());
  }

  public long makeDirectory(String path) throws IOException {
    return of.makeDirectory(parent(path), name(path), 0755, 0, 0).inode();
  }

  public void removeDirectory(String path) throws IOException {
    of.removeDirectory(parent(path), name(path));
  }

  public void unlink(String path) throws IOException {
    of.unlink(parent(path), name(path));
  }

  public void rename(String path, String newPath) throws IOException {
    of.rename(parent(path), name(path), parent(newPath), name(newPath), 0);
  }

  public void link(String path, String newPath) throws IOException {
    of.link(inode(path), parent(newPath), name(newPath));
  }

  /** All entries, in order, read in small pieces. */
  public List<DirectoryEntry> entries(String path) throws IOException {
    long handle = of.openDirectory(inode(path));
    List<DirectoryEntry> all = new ArrayList<>();
    long cookie = 0;
    List<DirectoryEntry> piece = of.readDirectory(handle, cookie, 3);
    while (!piece.isEmpty()) {
      all.addAll(piece);
      cookie = piece.get(piece.size() - 1).cookie();
      piece = of.readDirectory(handle, cookie, 3);
    }
    of.releaseDirectory(handle);
    return all;
  }

  /** The names in a directory, without dots, sorted. */
  public List<String> names(String path) throws IOException {
    TreeMap<String, DirectoryEntry> byName = new TreeMap<>();
    for (DirectoryEntry entry : entries(path)) {
      Assertions.assertNull(byName.put(Bytes.text(entry.name()), entry), "a name came twice");
    }
    Assertions.assertNotNull(byName.remove("."));
    Assertions.assertNotNull(byName.remove(".."));
    return List.copyOf(byName.keySet());
  }

  private long parent(String path) throws IOException {
    return inode(path.substring(0, Math.max(0, path.lastIndexOf('/'))));
  }

  private static byte[] name(String path) {
    return Bytes.utf8(path.substring(path.lastIndexOf('/') + 1));
  }
}
