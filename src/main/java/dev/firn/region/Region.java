package dev.firn.region;

import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.TreeDiff;
import dev.firn.vfs.FileSystem;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One home: its volumes, snapshots, mounts and names. Everything users may do wrong is answered
 * with a {@link dev.firn.base.FirnException}; an IOException is a failure of the disk.
 *
 * <p>A volume reference is an id or a name; a snapshot reference is an id, a name, {@code
 * VOLUME@NAME}, {@code VOLUME@last} or {@code VOLUME@-2}. Safe for concurrent use.
 */
public final class Region implements Closeable {
  private Region() {}

  /** Makes a home; CONFLICT if there is one already. The first Subregion is the default. */
  public static void init(Path home, String region, List<String> subregions) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Opens a home, making it on first use, and owns it until {@link #close}. */
  public static Region open(Path home) throws IOException {
    throw new UnsupportedOperationException();
  }

  public Path home() {
    throw new UnsupportedOperationException();
  }

  public RegionInfo info() {
    throw new UnsupportedOperationException();
  }

  public Volume createVolume(VolumeRequest request) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** All volumes, oldest first. */
  public List<Volume> volumes() {
    throw new UnsupportedOperationException();
  }

  public Volume volume(String reference) {
    throw new UnsupportedOperationException();
  }

  /** Grows a volume, mounted or not; smaller than it is answers CONFLICT. */
  public Volume resizeVolume(String reference, long sizeBytes) throws IOException {
    throw new UnsupportedOperationException();
  }

  public Volume renameVolume(String reference, String name) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Deletes a volume that nobody has open; its snapshots stay. */
  public void deleteVolume(String reference) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Takes a snapshot, and returns when it is completed. */
  public Snapshot createSnapshot(
      String volume, String name, String description, Map<String, String> tags) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Asks for a snapshot, and returns once the request is durable; the rest goes on by itself. */
  public Snapshot requestSnapshot(
      String volume, String name, String description, Map<String, String> tags) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The snapshots of a volume, or of all with null; oldest first, in every state. */
  public List<Snapshot> snapshots(String volume) {
    throw new UnsupportedOperationException();
  }

  public Snapshot snapshot(String reference) {
    throw new UnsupportedOperationException();
  }

  /** Deletes all of them or, when a reference is wrong, none. Answers them as they were. */
  public List<Snapshot> deleteSnapshots(List<String> references) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Tells what has changed from a snapshot to a snapshot or to a volume of this moment. */
  public void diff(String fromSnapshot, String toSnapshotOrVolume, TreeDiff.Visitor visitor)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Makes a volume that nobody has open what it was; answers the snapshot of what it is. */
  public Snapshot rollback(String volume, String snapshot) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The live volume joined with {@code .snapshots}; it is in use until closed. */
  public FileSystem openVolume(String reference, boolean showSnapshots) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** A snapshot's tree, read-only; its deletion waits until closed. */
  public FileSystem openSnapshot(String reference) throws IOException {
    throw new UnsupportedOperationException();
  }

  public List<MountRecord> mounts() {
    throw new UnsupportedOperationException();
  }

  /** Keeps a wanted mount, instead of an earlier one with the same directory. */
  public void saveMount(MountRecord mount) {
    throw new UnsupportedOperationException();
  }

  /** Forgets the wanted mount of a directory, if there is one. */
  public void removeMount(Path directory) {
    throw new UnsupportedOperationException();
  }

  /** Starts a snapshot from elsewhere. */
  public SnapshotImport beginImport(ImportRequest request) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Finishes what runs, closes what is open, and lets the home go. */
  @Override
  public void close() throws IOException {
    throw new UnsupportedOperationException();
  }
}
