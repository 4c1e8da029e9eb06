package dev.firn.pack;

import dev.firn.base.FirnException;
import dev.firn.region.Region;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.TreeDelta;
import dev.firn.vfs.FileSystem;
import java.io.Closeable;
import java.io.IOException;

/**
 * A snapshot that is exported, with what it is compared with.
 *
 * @param baseSnapshot null, as are base and delta, if all of the snapshot is exported
 */
record ExportSource(
    Snapshot snapshot, FileSystem files, Snapshot baseSnapshot, FileSystem base, TreeDelta delta)
    implements Closeable {

  static ExportSource full(Snapshot snapshot, FileSystem files) {
    return new ExportSource(snapshot, files, null, null, null);
  }

  static ExportSource open(Region region, String reference, ExportOptions options)
      throws IOException {
    Snapshot snapshot = region.snapshot(reference);
    if (options.signer() != null && options.format() != PackageFormat.FIRN) {
      throw FirnException.usage(
          "format %s cannot be signed; only %s can",
          options.format().text(), PackageFormat.FIRN.text());
    }
    if (options.base() == null) {
      return full(snapshot, region.openSnapshot(snapshot.id(), "an export"));
    }
    if (options.format() != PackageFormat.FIRN) {
      throw FirnException.usage(
          "format %s cannot be incremental; only %s can",
          options.format().text(), PackageFormat.FIRN.text());
    }
    Snapshot base = region.snapshot(options.base());
    if (base.id().equals(snapshot.id())) {
      throw FirnException.usage(
          "snapshot '%s' cannot be its own base; name an earlier one", snapshot.nameOrId());
    }
    FileSystem before = null;
    FileSystem after = null;
    try {
      before = region.openSnapshot(base.id(), "an export");
      after = region.openSnapshot(snapshot.id(), "an export");
      ExportSource opened =
          new ExportSource(snapshot, after, base, before, region.delta(base.id(), snapshot.id()));
      before = null;
      after = null;
      return opened;
    } finally {
      if (before != null) {
        before.close();
      }
      if (after != null) {
        after.close();
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      files.close();
    } finally {
      if (base != null) {
        base.close();
      }
    }
  }
}
