package dev.firn.vfs;

import dev.firn.map.MapEditor;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;

/** chmod, chown, utimens and truncate, as one step. */
final class AttributeChanges {
  private static final int GROUP_EXECUTE = 0010;
  private static final int NANOS_PER_SECOND = 1_000_000_000;

  private final Inodes inodes;
  private final FileContent content;
  private final Xattrs xattrs;
  private final Clock clock;

  AttributeChanges(Inodes inodes, FileContent content, Xattrs xattrs, Clock clock) {
    this.inodes = inodes;
    this.content = content;
    this.xattrs = xattrs;
    this.clock = clock;
  }

  Attributes apply(long number, SetAttributes changes) throws IOException {
    Long sizeBytes = changes.sizeBytes();
    if (sizeBytes != null && sizeBytes < 0) {
      throw new ErrnoException(Errno.EINVAL);
    }
    requireTime(changes.accessTime());
    requireTime(changes.modifyTime());
    requireTime(changes.changeTime());
    Attributes result = null;
    while (result == null) {
      Instant now = clock.instant();
      result =
          inodes.edit(
              editor -> {
                Inode inode = inodes.load(editor, number);
                if (sizeBytes != null && inodes.isDisk() && sizeBytes != inode.sizeBytes) {
                  throw new ErrnoException(Errno.EPERM);
                }
                if (sizeBytes != null && !content.resize(editor, inode, sizeBytes)) {
                  return null;
                }
                applyRest(editor, inode, changes, now);
                return inode.attributes();
              });
    }
    return result;
  }

  private void applyRest(MapEditor editor, Inode inode, SetAttributes changes, Instant now)
      throws IOException {
    if (changes.sizeBytes() != null) {
      inode.setModifyTime(now);
    }
    if (changes.uid() != null) {
      inode.uid = changes.uid();
    }
    if (changes.gid() != null) {
      inode.gid = changes.gid();
    }
    if (changes.mode() != null) {
      inode.mode = inode.type() | (changes.mode() & FileMode.PERMISSION_MASK);
      xattrs.modeChanged(editor, inode);
    } else if (changes.uid() != null || changes.gid() != null) {
      // A new owner's file must not run with the old one's rights.
      inode.mode &= ~privileges(inode);
    }
    if (changes.uid() != null || changes.gid() != null) {
      xattrs.removeCapability(editor, inode);
    }
    applyTimes(inode, changes, now);
    inodes.changed(inode);
  }

  /** Takes away what {@link FileSystem#dropPrivileges} names. */
  boolean dropPrivileges(long number) throws IOException {
    boolean privileged =
        inodes
            .map()
            .read(
                view -> {
                  Inode inode = inodes.require(view, number);
                  return privileges(inode) != 0 || Xattrs.hasCapability(view, inode);
                });
    if (!privileged) {
      return false;
    }
    Instant now = clock.instant();
    return inodes.edit(
        editor -> {
          Inode inode = inodes.load(editor, number);
          inode.mode &= ~privileges(inode);
          xattrs.removeCapability(editor, inode);
          inode.setChangeTime(now);
          inodes.changed(inode);
          return true;
        });
  }

  /** Those bits of an inode's mode that let it run with its owner's rights. */
  private static int privileges(Inode inode) {
    if (inode.isDirectory()) {
      return 0;
    }
    // Without group execution set-group-ID is no privilege: it marked mandatory locking.
    boolean runsAsGroup = (inode.mode & GROUP_EXECUTE) != 0;
    return inode.mode & (FileMode.SET_UID | (runsAsGroup ? FileMode.SET_GID : 0));
  }

  /** Not through {@link Instant}, which does not reach as far as seconds do. */
  private static void applyTimes(Inode inode, SetAttributes changes, Instant now) {
    if (isNow(changes.accessTime())) {
      inode.setAccessTime(now);
    } else if (changes.accessTime() != null) {
      inode.accessSeconds = changes.accessTime().seconds();
      inode.accessNanos = changes.accessTime().nanos();
    }
    if (isNow(changes.modifyTime())) {
      inode.setModifyTime(now);
    } else if (changes.modifyTime() != null) {
      inode.modifySeconds = changes.modifyTime().seconds();
      inode.modifyNanos = changes.modifyTime().nanos();
    }
    if (changes.changeTime() == null || isNow(changes.changeTime())) {
      inode.setChangeTime(now);
    } else {
      inode.changeSeconds = changes.changeTime().seconds();
      inode.changeNanos = changes.changeTime().nanos();
    }
  }

  private static boolean isNow(SetAttributes.TimeChange change) {
    return change != null && change.now();
  }

  private static void requireTime(SetAttributes.TimeChange change) throws ErrnoException {
    if (change != null && (change.nanos() < 0 || change.nanos() >= NANOS_PER_SECOND)) {
      throw new ErrnoException(Errno.EINVAL);
    }
  }
}
