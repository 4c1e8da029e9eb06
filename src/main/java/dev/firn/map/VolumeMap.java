package dev.firn.map;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/** The durable block map of one volume: its head, its frozen roots, and the log that keeps them. */
public final class VolumeMap implements Closeable {

  /** Work under the shared lock; short, and no waiting inside. */
  @FunctionalInterface
  public interface ReadAction<T> {
    T run(MapView head) throws IOException;
  }

  /** Work under the exclusive lock. Check everything first: a change cannot be taken back. */
  @FunctionalInterface
  public interface EditAction<T> {
    T run(MapEditor head) throws IOException;
  }

  /** Puts what the layer above holds back into the map; runs under the exclusive lock. */
  @FunctionalInterface
  public interface SealHook {
    void seal(MapEditor head) throws IOException;
  }

  /** A snapshot as the log knows it. */
  public record FrozenRoot(long number, byte[] metadata) {}

  public long number() {
    throw new UnsupportedOperationException();
  }

  /** Called before every commit and freeze, so that those cover all that was done before. */
  public void setSealHook(SealHook hook) {
    throw new UnsupportedOperationException();
  }

  public <T> T read(ReadAction<T> action) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Throws an IOException for good once a write or sync of this volume's log failed. */
  public <T> T write(EditAction<T> action) throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Takes bytes into the volume (the array now belongs to it). They survive a crash once a
   * reference was put and committed.
   */
  public PendingExtent stage(byte[] bytes, int length) {
    throw new UnsupportedOperationException();
  }

  /**
   * Compresses and writes staged extents while more than the limit wait. Call it without locks,
   * after each write: it is what slows writers down to the speed of the disk.
   */
  public void relieve() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** All raw bytes of the record behind a stored or pending extent, or the inline bytes. */
  public byte[] extentBytes(ExtentRef extent) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Everything done before the call is durable when it returns. Callers share one sync. */
  public void commit() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Commits and writes all nodes, so that opening needs no replay. */
  public void checkpoint() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The head of this moment, for as long as the caller keeps it. Constant time. */
  public FrozenMap freeze() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Freezes the head under a number. Constant time; durable with the next {@link #commit}. */
  public void freezeAs(long snapshotNumber, byte[] metadata) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The frozen root with this number, or null. */
  public FrozenMap frozen(long snapshotNumber) throws IOException {
    throw new UnsupportedOperationException();
  }

  public List<FrozenRoot> frozenRoots() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Forgets a frozen root; durable with the next commit. False if there was none. */
  public boolean dropFrozen(long snapshotNumber) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Makes the head equal to a frozen root; durable with the next commit. */
  public void resetTo(long snapshotNumber) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Commits, checkpoints and lets go of the log. */
  @Override
  public void close() throws IOException {
    throw new UnsupportedOperationException();
  }
}
