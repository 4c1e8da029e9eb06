package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.ErrnoException;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Changes a tree in all the ways there are; what the file system refuses is not done. */
final class Mutations {
  private static final int PUNCH_HOLE_KEEP_SIZE = 3;

  private record Name(long parent, byte[] name, long inode, boolean directory, boolean regular) {}

  private final FileSystem target;
  private final Random random;
  private final List<Name> names = new ArrayList<>();
  private final List<Long> directories = new ArrayList<>();
  private int made;

  private Mutations(FileSystem target, Random random) {
    this.target = target;
    this.random = random;
  }

  static void apply(FileSystem target, Random random, int steps) throws IOException {
    Mutations mutations = new Mutations(target, random);
    for (int i = 0; i < steps; i++) {
      mutations.list();
      try {
        mutations.step();
      } catch (ErrnoException refused) {
        // Such as moving a directory into itself.
      }
    }
  }

  private void list() throws IOException {
    names.clear();
    directories.clear();
    List<Long> byOrdinal = new ArrayList<>();
    TreeWalker.walk(
        target,
        new TreeWalker.Visitor() {
          @Override
          public void inode(Place place, Attributes attributes) {
            byOrdinal.add(attributes.inode());
            if (attributes.isDirectory()) {
              directories.add(attributes.inode());
            }
            if (!place.isRoot()) {
              add(place, attributes);
            }
          }

          @Override
          public void link(Place place, Attributes attributes, Place first) {
            add(place, attributes);
          }

          private void add(Place place, Attributes attributes) {
            long parent = byOrdinal.get((int) place.parentOrdinal());
            names.add(
                new Name(
                    parent,
                    place.name(),
                    attributes.inode(),
                    attributes.isDirectory(),
                    attributes.isRegular()));
          }
        });
  }

  private void step() throws IOException {
    long directory = directories.get(random.nextInt(directories.size()));
    byte[] fresh =
        Bytes.utf8((char) ('a' + random.nextInt(26)) + "-" + made++ + random.nextInt(99));
    if (names.isEmpty() || random.nextInt(6) == 0) {
      make(directory, fresh);
      return;
    }
    Name one = names.get(random.nextInt(names.size()));
    Name two = names.get(random.nextInt(names.size()));
    switch (random.nextInt(14)) {
      case 0 -> target.rename(one.parent, one.name, directory, fresh, 0);
      case 1 -> target.rename(one.parent, one.name, two.parent, two.name, 0);
      case 2 ->
          target.rename(one.parent, one.name, two.parent, two.name, FileSystem.RENAME_EXCHANGE);
      case 3 -> remove(one);
      case 4 -> target.link(one.inode, directory, fresh);
      case 5 -> {
        // Linux does not change a symbolic link's mode.
        if (!target.getAttributes(one.inode).isSymbolicLink()) {
          target.setAttributes(one.inode, SetAttributes.mode(random.nextInt(010000)));
        }
      }
      case 6 ->
          target.setAttributes(
              one.inode, SetAttributes.owner(random.nextInt(3000), random.nextInt(3000)));
      case 7 -> target.setXattr(one.inode, Bytes.utf8("user.m"), Trees.random(random, 99), 0);
      case 8 -> {
        List<byte[]> xattrs = target.listXattrs(one.inode);
        if (!xattrs.isEmpty()) {
          target.removeXattr(one.inode, xattrs.get(random.nextInt(xattrs.size())));
        }
      }
      case 9 -> {
        SetAttributes.TimeChange time =
            SetAttributes.TimeChange.at(random.nextInt(), random.nextInt(1_000_000_000));
        target.setAttributes(
            one.inode, SetAttributes.times(random.nextBoolean() ? time : null, time));
      }
      case 10 -> {
        // The same file in content, as a new one in its place.
        Attributes old = target.getAttributes(one.inode);
        if (old.isRegular() && old.linkCount() == 1) {
          target.unlink(one.parent, one.name);
          long inode =
              target.makeNode(one.parent, one.name, old.mode(), 0, old.uid(), old.gid()).inode();
          Trees.write(target, inode, 0, Trees.random(random, random.nextInt(5000)));
        }
      }
      default -> {
        if (one.regular) {
          changeContent(one.inode);
        }
      }
    }
  }

  private void make(long directory, byte[] name) throws IOException {
    switch (random.nextInt(5)) {
      case 0 -> target.makeSymbolicLink(directory, name, Bytes.utf8("to"), 1, 2);
      case 1 -> target.makeNode(directory, name, FileMode.FIFO | 0600, 0, 1, 2);
      case 2 -> {
        long inode = target.makeDirectory(directory, name, 02755, 3, 4).inode();
        byte[] acl =
            PosixAcl.fromText(Bytes.utf8("user::rwx,user:9:r--,group::r-x,mask::r-x,other::---"))
                .orElseThrow();
        target.setXattr(inode, PosixAcl.DEFAULT_NAME, acl, 0);
      }
      default -> {
        long inode = target.makeNode(directory, name, FileMode.REGULAR | 04755, 0, 5, 6).inode();
        Trees.write(target, inode, 0, Trees.random(random, random.nextInt(100_000)));
      }
    }
  }

  private void changeContent(long inode) throws IOException {
    long size = target.getAttributes(inode).sizeBytes();
    switch (random.nextInt(6)) {
      case 0 -> target.setAttributes(inode, SetAttributes.size(random.nextInt(1 << 20)));
      case 1 -> {
        if (size > 0) {
          target.allocate(
              inode, PUNCH_HOLE_KEEP_SIZE, random.nextLong(size), 1 + random.nextInt(1 << 18));
        }
      }
      case 2 -> Trees.write(target, inode, size, Trees.random(random, 1 + random.nextInt(9000)));
      case 3 -> Trees.write(target, inode, random.nextLong(size + 1), new byte[20_000]);
      case 4 -> target.setAttributes(inode, SetAttributes.size(size + (1L << 22)));
      default ->
          Trees.write(
              target,
              inode,
              random.nextLong(size + 1),
              Trees.random(random, 1 + random.nextInt(300_000)));
    }
  }

  private void remove(Name name) throws IOException {
    if (!name.directory) {
      target.unlink(name.parent, name.name);
      return;
    }
    for (Name below : List.copyOf(names)) {
      if (below.parent == name.inode && !Arrays.equals(below.name, new byte[0])) {
        remove(below);
      }
    }
    target.removeDirectory(name.parent, name.name);
  }
}
