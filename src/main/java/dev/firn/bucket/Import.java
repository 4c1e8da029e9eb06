package dev.firn.bucket;

import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.region.Region;
import dev.firn.region.RemoteImports;
import dev.firn.snapshot.Snapshot;
import java.io.FilterInputStream;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One snapshot that comes from a URL, at work. For one thread. */
final class Import {
  private static final Logger LOG = LoggerFactory.getLogger(Import.class);
  private static final int SECTOR_BYTES = 512;

  /** An image's own tables, and what a compressor adds to what it cannot compress. */
  private static final long OVERHEAD_BYTES = 64 * Sizes.MIB;

  private static final int OVERHEAD_PART = 8;

  private final Transfers transfers;
  private final Snapshot snapshot;
  private final String location;

  Import(Transfers transfers, RemoteImports.Pending pending) {
    this.transfers = transfers;
    this.snapshot = pending.snapshot();
    this.location = pending.location();
  }

  /** FirnException USAGE if a request cannot be done. */
  static void check(String location, long sizeBytes) {
    RemoteFile.parse(location);
    if (sizeBytes <= 0 || sizeBytes > Sizes.VOLUME_BYTES_MAX) {
      throw FirnException.usage(
              "a snapshot has 1 to %d bytes, not %d", Sizes.VOLUME_BYTES_MAX, sizeBytes)
          .because("invalid-volume-size");
    }
  }

  /** The smallest disk with so many bytes. */
  static long diskBytes(long sizeBytes) {
    long sectors = (sizeBytes + SECTOR_BYTES - 1) / SECTOR_BYTES;
    return Math.max(Sizes.MIB, sectors * SECTOR_BYTES);
  }

  void run() {
    RemoteImports imports = transfers.home().remoteImports();
    try {
      imports.progress(snapshot, 0);
      Region filling = imports.filling(snapshot);
      AddressRules rules = Settings.read(transfers.home().home()).addressRules();
      long sizeBytes = snapshot.sizeBytes();
      long bytesMax = sizeBytes + sizeBytes / OVERHEAD_PART + OVERHEAD_BYTES;
      try (RemoteFile file = RemoteFile.open(location, rules, bytesMax, transfers::checkGoesOn)) {
        Throttle throttle = new Throttle(percent -> imports.progress(snapshot, percent));
        ImageStream.read(
            filling,
            new Watched(file, throttle),
            sizeBytes,
            file.name(),
            transfers.mounter(),
            (done, total) -> transfers.checkGoesOn());
      }
      LOG.info("Snapshot {} is imported", snapshot.id());
    } catch (IOException | RuntimeException e) {
      if (transfers.stopping()) {
        LOG.info("The import of snapshot {} is done anew at the next start", snapshot.id());
        return;
      }
      LOG.warn("The import of snapshot {} failed", snapshot.id(), e);
      imports.fail(snapshot, e instanceof FirnException ? e.getMessage() : Transfers.INTERNAL);
    }
  }

  /** Tells how much was read. */
  private final class Watched extends FilterInputStream {
    private final RemoteFile file;
    private final Throttle throttle;

    Watched(RemoteFile file, Throttle throttle) {
      super(file);
      this.file = file;
      this.throttle = throttle;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      transfers.checkGoesOn();
      int count = in.read(target, offset, length);
      throttle.told(file.offsetBytes(), file.lengthBytes());
      return count;
    }
  }
}
