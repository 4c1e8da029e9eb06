package dev.firn.pack;

import com.github.luben.zstd.ZstdOutputStream;
import dev.firn.base.DurableFiles;
import dev.firn.base.FirnException;
import dev.firn.region.Region;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FileSystemStatus;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.compress.compressors.gzip.GzipCompressorOutputStream;

/**
 * Writes snapshots as packages and archives. The same snapshot gives the same bytes, every time and
 * everywhere. Safe to use from several threads.
 */
public final class Exporter {
  private static final int BUFFER_BYTES = 1 << 18;

  /**
   * What exports of this process write to. They see each other here, and not by the files' locks: a
   * process loses that of a file when it closes any of its descriptors of it.
   */
  private static final Set<Path> WRITTEN = ConcurrentHashMap.newKeySet();

  private Exporter() {}

  /** Writes to a stream, and does not close it. */
  public static void export(
      Region region,
      String snapshotReference,
      ExportOptions options,
      OutputStream target,
      ProgressListener listener)
      throws IOException {
    try (ExportSource source = ExportSource.open(region, snapshotReference, options)) {
      SkippingOutput skipping = new SkippingOutput(target, options.skippedBytes());
      write(source, options.format(), options.signer(), skipping, listener);
      skipping.finish();
    } catch (IOException e) {
      throw FullDisk.explain(e, "the disk of the home, or the one that is written to,");
    }
  }

  /**
   * Writes to a file, which is complete and on disk when this returns, and untouched when it
   * throws. Replaces a file of that name; with {@link ExportOptions#resume} it goes on with it
   * instead, and what was written stays when it throws.
   *
   * @throws FirnException of kind NO_SPACE when the disk is full, NOT_FOUND without a directory to
   *     write to, CONFLICT while another export writes the same file, CORRUPT if what was written
   *     reads back differently
   */
  public static void exportToFile(
      Region region,
      String snapshotReference,
      ExportOptions options,
      Path file,
      ProgressListener listener)
      throws IOException {
    try (ExportSource source = ExportSource.open(region, snapshotReference, options)) {
      if (options.resume()) {
        resumeFile(source, options.format(), options.signer(), file, listener);
      } else {
        writeFile(source, options.format(), options.signer(), file, listener);
      }
    } catch (IOException e) {
      throw FullDisk.explain(e, "the disk of '" + file + "'", options.resume());
    }
  }

  static Path spoolDirectory(Region region) {
    return region.home().resolve("tmp");
  }

  static void writeFile(
      ExportSource source,
      PackageFormat format,
      Signer signer,
      Path file,
      ProgressListener listener)
      throws IOException {
    Path target = checkTarget(file);
    Path directory = target.getParent();
    Path partial = directory.resolve("." + target.getFileName() + ".partial");
    try (Claim claim = claim(partial, file);
        FileChannel channel = create(claim, file)) {
      try {
        try (VerifiedOutput out = new VerifiedOutput(partial, file)) {
          write(source, format, signer, out, listener);
          out.finish(channel);
          Files.move(
              partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
      } catch (IOException | RuntimeException e) {
        Files.deleteIfExists(partial);
        throw e;
      }
    }
    DurableFiles.force(directory);
  }

  static void resumeFile(
      ExportSource source,
      PackageFormat format,
      Signer signer,
      Path file,
      ProgressListener listener)
      throws IOException {
    Path target = checkTarget(file);
    Path directory = target.getParent();
    try (Claim claim = claim(target, file);
        FileChannel channel =
            FileChannel.open(
                claim.written(),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      if (!isLocked(channel)) {
        throw written(file);
      }
      ResumedFile out = new ResumedFile(channel, file);
      write(source, format, signer, out, listener);
      long checksum = out.finish();
      channel.force(true);
      ReadBack.verify(file, checksum, file);
    }
    DurableFiles.force(directory);
  }

  /** The absolute path of a file that can be written. */
  static Path checkTarget(Path file) {
    Path target = file.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null || Files.isDirectory(target)) {
      throw FirnException.usage("cannot export to '%s': it is a directory; name a file", file);
    }
    if (!Files.isDirectory(directory)) {
      throw FirnException.notFound(
          "cannot export to '%s': there is no directory '%s'", file, directory);
    }
    return target;
  }

  /** That this thread is the only one of the process that writes to a file. */
  record Claim(Path written) implements Closeable {
    @Override
    public void close() {
      WRITTEN.remove(written);
    }
  }

  /**
   * To be held longer than the channel that is written to.
   *
   * @param file what users know it by
   * @throws FirnException CONFLICT if another thread has it
   */
  static Claim claim(Path written, Path file) throws IOException {
    Path place = written.getParent().toRealPath().resolve(written.getFileName());
    if (!WRITTEN.add(place)) {
      throw written(file);
    }
    return new Claim(place);
  }

  private static FirnException written(Path file) {
    return FirnException.conflict("another export is writing '%s'; wait for it", file);
  }

  /**
   * Makes the file that an export writes to, and locks it. One that is there and not locked is of
   * an export that was killed: it goes. It is never written to, since it may have got its final
   * name since it was opened.
   */
  static FileChannel create(Claim claim, Path file) throws IOException {
    Path partial = claim.written();
    while (true) {
      try {
        FileChannel channel =
            FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        if (isLocked(channel)) {
          return channel;
        }
        channel.close();
        break;
      } catch (FileAlreadyExistsException e) {
        if (!removeStale(partial)) {
          break;
        }
      }
    }
    throw written(file);
  }

  private static boolean removeStale(Path partial) throws IOException {
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      if (!isLocked(channel)) {
        return false;
      }
      Files.deleteIfExists(partial);
    } catch (NoSuchFileException e) {
      // Its export has just ended.
    }
    return true;
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      // Something else in this process has it.
      return false;
    }
  }

  static void write(
      ExportSource exported,
      PackageFormat format,
      Signer signer,
      OutputStream target,
      ProgressListener listener)
      throws IOException {
    FileSystem source = exported.files();
    FileSystemStatus status = source.status();
    long totalBytes =
        exported.delta() == null
            ? status.totalBytes() - status.freeBytes()
            : exported.delta().changedBytes();
    Progress progress = new Progress(listener, totalBytes);
    switch (format) {
      case FIRN -> {
        Snapshot snapshot = exported.snapshot();
        PackageWriter writer =
            new PackageWriter(
                Manifest.snapshotPart(snapshot), Manifest.volumePart(snapshot), signer, progress);
        BufferedOutputStream buffered = new BufferedOutputStream(target, BUFFER_BYTES);
        if (exported.delta() == null) {
          writer.writeFull(source, buffered);
        } else {
          writer.writeIncremental(
              exported.base(),
              Manifest.basePart(exported.baseSnapshot()),
              source,
              exported.delta(),
              buffered);
        }
        buffered.flush();
      }
      case TAR -> writeTar(source, target, progress);
      case ZIP -> {
        BufferedOutputStream buffered = new BufferedOutputStream(target, BUFFER_BYTES);
        ZipTreeWriter.write(source, buffered, progress);
        buffered.flush();
      }
      case TAR_GZ ->
          UnclosedOutput.write(
              target,
              GzipCompressorOutputStream::new,
              compressed -> writeTar(source, compressed, progress));
      case TAR_ZST ->
          UnclosedOutput.write(
              target,
              // How many workers there are does not change the bytes, as long as there is one.
              below ->
                  new ZstdOutputStream(below, PackageLayout.ZSTD_LEVEL)
                      .setChecksum(true)
                      .setWorkers(Workers.THREADS),
              compressed -> writeTar(source, compressed, progress));
    }
    progress.finish();
  }

  private static void writeTar(FileSystem source, OutputStream target, Progress progress)
      throws IOException {
    BufferedOutputStream buffered = new BufferedOutputStream(target, BUFFER_BYTES);
    TarTreeWriter.write(source, buffered, progress);
    buffered.flush();
  }
}
