package dev.firn.map;

import dev.firn.store.BlockChecksums;
import dev.firn.store.NoSpaceException;
import dev.firn.store.RecordPointer;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * File bytes that are part of the map already but may not have a place on disk yet. Its bytes never
 * change. Safe for concurrent use.
 */
public final class PendingExtent implements Unplaced {
  private final int length;
  private volatile byte[] bytes;
  private volatile ByteBuffer frame;
  private BlockChecksums blocks;

  /** Set last: who sees it sees the rest. */
  private volatile RecordPointer pointer;

  /** Why the last attempt failed, unless there is another one; null: it did not. */
  private IOException failure;

  /** Counts failed attempts: those who wait may not be awake between one and the next. */
  private int failures;

  private IOException lastFailure;

  PendingExtent(byte[] bytes, int length, ByteBuffer frame) {
    if (length < 1 || length > ExtentRef.RAW_BYTES_MAX || length > bytes.length) {
      throw new IllegalArgumentException(
          "extent of " + length + " bytes in an array of " + bytes.length);
    }
    this.bytes = bytes;
    this.length = length;
    this.frame = frame;
  }

  /** The bytes' number, 1 to {@link ExtentRef#RAW_BYTES_MAX}. */
  public int length() {
    return length;
  }

  @Override
  public RecordPointer pointer() {
    return pointer;
  }

  @Override
  public void encodePlace(byte[] target, int at) {
    ExtentRef.encodePlace(pointer, blocks, target, at);
  }

  /** The checksums of its blocks, if it has a place and is read by blocks; null otherwise. */
  BlockChecksums blocks() {
    return pointer == null ? null : blocks;
  }

  /** The bytes while they are in memory; null once they have a place on disk. */
  byte[] bytes() {
    return bytes;
  }

  /** What is to be written; until it has a place. */
  FileRun run() {
    return new FileRun(ByteBuffer.wrap(bytes, 0, length), frame);
  }

  synchronized void placed(RecordPointer place, BlockChecksums checksums) {
    blocks = checksums;
    pointer = place;
    bytes = null;
    frame = null;
    notifyAll();
  }

  /** Somebody tries to write it, perhaps not the first one. */
  synchronized void tried() {
    failure = null;
  }

  synchronized void failed(IOException cause) {
    failure = cause;
    lastFailure = cause;
    failures++;
    notifyAll();
  }

  /** Waits until whoever writes it has written it. */
  synchronized void awaitPlaced() throws IOException {
    boolean interrupted = false;
    int before = failures;
    while (pointer == null && failure == null && failures == before) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (pointer != null) {
      return;
    }
    if (lastFailure instanceof NoSpaceException) {
      throw new NoSpaceException(lastFailure.getMessage(), lastFailure);
    }
    throw new IOException(
        "file bytes could not be written: " + lastFailure.getMessage(), lastFailure);
  }
}
