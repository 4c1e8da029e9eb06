package dev.firn.vfs;

import static dev.firn.vfs.TestVolume.ROOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.base.Bytes;
import dev.firn.vfs.ModelTree.Node;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Whether a file system holds what a model says. */
final class ModelComparison {
  private ModelComparison() {}

  /** Fails unless both hold the same. */
  static void compareTrees(FileSystem actual, ModelTree expected) throws IOException {
    compare(actual, ROOT, expected.root, new HashMap<>());
  }

  private static void compare(FileSystem actual, long inode, Node node, Map<Node, Long> seen)
      throws IOException {
    Long known = seen.put(node, inode);
    if (known != null) {
      assertEquals(known, inode, "names of one file lead to one inode");
      return;
    }
    Attributes found = actual.getAttributes(inode);
    assertEquals(Integer.toOctalString(node.mode), Integer.toOctalString(found.mode()));
    assertEquals(node.uid, found.uid());
    assertEquals(node.gid, found.gid());
    assertEquals(node.device, found.device());
    assertEquals(node.linkCount(), found.linkCount());
    assertEquals(node.accessSeconds, found.accessSeconds());
    assertEquals(node.modifySeconds, found.modifySeconds());
    assertEquals(node.changeSeconds, found.changeSeconds());
    Map<String, byte[]> xattrs = new TreeMap<>();
    for (byte[] name : actual.listXattrs(inode)) {
      xattrs.put(Bytes.text(name), actual.getXattr(inode, name));
    }
    assertEquals(node.xattrs.keySet(), xattrs.keySet());
    for (String name : xattrs.keySet()) {
      assertArrayEquals(node.xattrs.get(name), xattrs.get(name));
    }
    if (node.isDirectory()) {
      compareEntries(actual, inode, node, seen);
    } else if (found.isSymbolicLink()) {
      assertArrayEquals(node.content, actual.readLink(inode));
    } else if (found.isRegular()) {
      compareContent(actual, inode, node);
    }
  }

  private static void compareEntries(FileSystem actual, long inode, Node node, Map<Node, Long> seen)
      throws IOException {
    List<DirectoryEntry> entries = TestVolume.list(actual, inode, 100);
    assertEquals(node.children.size() + 2, entries.size());
    int index = 2;
    for (Map.Entry<String, Node> child : node.children.entrySet()) {
      DirectoryEntry entry = entries.get(index++);
      assertEquals(child.getKey(), Bytes.text(entry.name()));
      assertEquals(child.getValue().mode & FileMode.TYPE_MASK, entry.type());
      compare(actual, entry.inode(), child.getValue(), seen);
      if (child.getValue().isDirectory()) {
        byte[] up = TestVolume.name("..");
        assertEquals(inode, actual.lookup(entry.inode(), up).inode());
      }
    }
  }

  static void compareContent(FileSystem actual, long inode, Node node) throws IOException {
    assertEquals(node.content.length, actual.getAttributes(inode).sizeBytes());
    assertArrayEquals(node.content, TestVolume.read(actual, inode, 0, node.content.length + 1));
  }
}
