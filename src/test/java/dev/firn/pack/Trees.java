package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** Makes rich random trees, and describes trees so that they can be compared. */
final class Trees {
  /** cap_net_bind_service=ep, as the kernel has it: a version, then what is permitted. */
  private static final byte[] CAPABILITY = {
    1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  /** What a description may leave out, for formats that cannot carry it. */
  enum Except {
    ACCESS_TIMES,
    NANOSECONDS,
    XATTRS,
    SOCKETS
  }

  private static final long ROOT = FileSystem.ROOT_INODE;

  private Trees() {}

  /** Everything there is, in odd forms; about {@code files} inodes besides the fixed ones. */
  static void fillRandomly(FileSystem target, Random random, int files) throws IOException {
    fillRandomly(target, random, files, false);
  }

  /**
   * As the other.
   *
   * @param utf8 whether names are UTF-8
   */
  static void fillRandomly(FileSystem target, Random random, int files, boolean utf8)
      throws IOException {
    List<Long> directories = new ArrayList<>(List.of(ROOT));
    List<Long> linkable = new ArrayList<>();
    for (int i = 0; i < files; i++) {
      long parent = directories.get(random.nextInt(directories.size()));
      byte[] name = name(random, i, utf8);
      int uid = random.nextInt(8) == 0 ? random.nextInt() & 0x7fffffff : random.nextInt(3000);
      int gid = random.nextInt(3000);
      long inode;
      switch (random.nextInt(12)) {
        case 0, 1 -> {
          inode = target.makeDirectory(parent, name, random.nextInt(01000), uid, gid).inode();
          directories.add(inode);
        }
        case 2 -> {
          byte[] link = name(random, random.nextInt(1000), utf8);
          inode = target.makeSymbolicLink(parent, name, link, uid, gid).inode();
        }
        case 3 -> {
          int type = random.nextBoolean() ? FileMode.FIFO : FileMode.SOCKET;
          inode = target.makeNode(parent, name, type | 0640, 0, uid, gid).inode();
        }
        case 4 -> {
          int type = random.nextBoolean() ? FileMode.CHARACTER_DEVICE : FileMode.BLOCK_DEVICE;
          int device = random.nextInt() & 0x0fffffff;
          inode = target.makeNode(parent, name, type | 0600, device, uid, gid).inode();
        }
        case 5 -> {
          if (linkable.isEmpty()) {
            continue;
          }
          target.link(linkable.get(random.nextInt(linkable.size())), parent, name);
          continue;
        }
        default -> {
          int mode = FileMode.REGULAR | random.nextInt(010000);
          inode = target.makeNode(parent, name, mode, 0, uid, gid).inode();
          writeRandomly(target, random, inode);
          target.setAttributes(inode, SetAttributes.mode(mode & FileMode.PERMISSION_MASK));
          linkable.add(inode);
        }
      }
      setXattrs(target, random, inode);
    }
    setTimes(target, random);
  }

  private static void writeRandomly(FileSystem target, Random random, long inode)
      throws IOException {
    switch (random.nextInt(8)) {
      case 0 -> {}
      case 1 -> {
        // Sparse, with data that is not aligned, zeros that are stored, and a hole at the end.
        write(target, inode, random.nextInt(1 << 20), random(random, 1 + random.nextInt(9000)));
        write(target, inode, (1L << 21) + random.nextInt(999), new byte[random.nextInt(20000)]);
        write(target, inode, (1L << 22) + 4096, random(random, 4096));
        target.setAttributes(inode, SetAttributes.size((1L << 23) + random.nextInt(5000)));
      }
      case 2 -> write(target, inode, 0, random(random, 100_000 + random.nextInt(2_000_000)));
      case 3 -> {
        byte[] text = Bytes.utf8("The quick brown fox. ".repeat(1 + random.nextInt(50_000)));
        write(target, inode, 0, text);
      }
      default -> write(target, inode, 0, random(random, random.nextInt(10_000)));
    }
  }

  private static void setXattrs(FileSystem target, Random random, long inode) throws IOException {
    if (random.nextInt(4) != 0) {
      return;
    }
    boolean symbolicLink = target.getAttributes(inode).isSymbolicLink();
    if (!symbolicLink && target.getAttributes(inode).isRegular()) {
      target.setXattr(inode, Bytes.utf8("user.note=%"), random(random, random.nextInt(300)), 0);
      target.setXattr(inode, Bytes.utf8("user.empty"), new byte[0], 0);
      byte[] acl = PosixAcl.fromText(Bytes.utf8(acl("rw-"))).orElseThrow();
      target.setXattr(inode, PosixAcl.ACCESS_NAME, acl, 0);
      target.setXattr(inode, Bytes.utf8("security.capability"), CAPABILITY, 0);
    } else if (target.getAttributes(inode).isDirectory()) {
      byte[] acl = PosixAcl.fromText(Bytes.utf8(acl("r-x"))).orElseThrow();
      target.setXattr(inode, PosixAcl.DEFAULT_NAME, acl, 0);
    }
    target.setXattr(inode, Bytes.utf8("trusted.binary"), new byte[] {0, -1, '\n', '=', -128}, 0);
  }

  private static String acl(String mask) {
    return "user::rwx,user:1000:r--,group::r-x,group:77:-w-,mask::" + mask + ",other::---";
  }

  private static void setTimes(FileSystem target, Random random) throws IOException {
    TreeWalker.walk(
        target,
        new TreeWalker.Visitor() {
          @Override
          public void inode(Place place, Attributes attributes) throws IOException {
            SetAttributes.TimeChange modify =
                switch (random.nextInt(4)) {
                  case 0 -> SetAttributes.TimeChange.at(-random.nextInt(1 << 30), 999_999_999);
                  case 1 -> SetAttributes.TimeChange.at(1_700_000_000L, 0);
                  default ->
                      SetAttributes.TimeChange.at(
                          random.nextInt(Integer.MAX_VALUE), random.nextInt(1_000_000_000));
                };
            SetAttributes.TimeChange access =
                random.nextInt(3) == 0
                    ? SetAttributes.TimeChange.at(random.nextInt(), random.nextInt(1_000_000_000))
                    : modify;
            target.setAttributes(attributes.inode(), SetAttributes.times(access, modify));
          }

          @Override
          public void link(Place place, Attributes attributes, Place first) {}
        });
  }

  /** Unique by its number; of any bytes, of any length. */
  private static byte[] name(Random random, int number, boolean utf8) {
    byte[] name =
        switch (random.nextInt(5) % (utf8 ? 2 : 5)) {
          case 0 -> Bytes.utf8("ünï-" + number);
          case 1 -> Arrays.copyOf(Bytes.utf8(number + "-" + "x".repeat(255)), 255);
          case 2 -> (number + "-\u00ff\u00fe\u0001\n").getBytes(StandardCharsets.ISO_8859_1);
          default -> Bytes.utf8("f" + number);
        };
    return name;
  }

  static byte[] random(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  static void write(FileSystem target, long inode, long offset, byte[] bytes) throws IOException {
    target.write(inode, offset, ByteBuffer.wrap(bytes));
  }

  static long file(FileSystem target, long parent, String name, byte[] content) throws IOException {
    long inode =
        target.makeNode(parent, Bytes.utf8(name), FileMode.REGULAR | 0644, 0, 0, 0).inode();
    write(target, inode, 0, content);
    return inode;
  }

  /** A line for each name, in order, with all there is to know. */
  static List<String> describe(FileSystem source, Except... left) throws IOException {
    Set<Except> except = EnumSet.noneOf(Except.class);
    except.addAll(Arrays.asList(left));
    List<String> lines = new ArrayList<>();
    TreeWalker.walk(
        source,
        new TreeWalker.Visitor() {
          @Override
          public void inode(Place place, Attributes attributes) throws IOException {
            if (!isLeftOut(attributes)) {
              lines.add(place + " " + describe(source, attributes, except));
            }
          }

          @Override
          public void link(Place place, Attributes attributes, Place first) {
            if (!isLeftOut(attributes)) {
              lines.add(place + " -> " + first);
            }
          }

          private boolean isLeftOut(Attributes attributes) {
            return except.contains(Except.SOCKETS)
                && (attributes.mode() & FileMode.TYPE_MASK) == FileMode.SOCKET;
          }
        });
    return lines;
  }

  private static String describe(FileSystem source, Attributes attributes, Set<Except> except)
      throws IOException {
    StringBuilder line = new StringBuilder();
    line.append(Integer.toOctalString(attributes.mode()));
    line.append(" ").append(Integer.toUnsignedString(attributes.uid()));
    line.append(":").append(Integer.toUnsignedString(attributes.gid()));
    boolean nanoseconds = !except.contains(Except.NANOSECONDS);
    line.append(" mtime=").append(attributes.modifySeconds());
    line.append(nanoseconds ? "." + attributes.modifyNanos() : "");
    if (!except.contains(Except.ACCESS_TIMES)) {
      line.append(" atime=").append(attributes.accessSeconds());
      line.append(".").append(attributes.accessNanos());
    }
    if (attributes.isRegular()) {
      line.append(" size=").append(attributes.sizeBytes());
      line.append(" ").append(digest(source, attributes));
    } else if (attributes.isSymbolicLink()) {
      line.append(" to=").append(Names.printable(source.readLink(attributes.inode())));
    } else if (!attributes.isDirectory()) {
      line.append(" device=").append(attributes.device());
    }
    if (!except.contains(Except.XATTRS)) {
      TreeMap<String, String> xattrs = new TreeMap<>();
      for (byte[] name : source.listXattrs(attributes.inode())) {
        byte[] value = source.getXattr(attributes.inode(), name);
        xattrs.put(Names.printable(name), HexFormat.of().formatHex(value));
      }
      line.append(" ").append(xattrs);
    }
    return line.toString();
  }

  private static String digest(FileSystem source, Attributes attributes) throws IOException {
    MessageDigest digest = Digests.sha256();
    ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    for (long offset = 0; offset < attributes.sizeBytes(); ) {
      buffer.clear();
      int count = source.read(attributes.inode(), offset, buffer);
      digest.update(buffer.array(), 0, count);
      offset += count;
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }
}
