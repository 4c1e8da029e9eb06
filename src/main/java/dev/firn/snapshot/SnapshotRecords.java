package dev.firn.snapshot;

import java.util.Collection;
import java.util.List;

/**
 * Where the rows of snapshots are kept. Each change is durable when its method returns, and happens
 * wholly or not at all. Safe for concurrent use.
 */
public interface SnapshotRecords {
  /**
   * Makes a row in state in-queue, with a number above all earlier ones; name and size of the
   * volume are taken, and the request's token is kept, in the same step.
   *
   * @throws dev.firn.base.FirnException CONFLICT if the name is taken, NOT_FOUND if the volume is
   *     gone or going
   */
  Snapshot insert(SnapshotRequest request);

  /**
   * Makes a row in state in-queue for the copy of a completed snapshot, with a number above all
   * earlier ones; the request's token is kept in the same step.
   *
   * @throws dev.firn.base.FirnException CONFLICT if the name is taken, NOT_FOUND if the source is
   *     gone or going
   */
  Snapshot insertCopy(CopyRequest request);

  /** The row with this number, or null. */
  Snapshot find(long number);

  /** The completed snapshot whose {@link Snapshot#nameOrId} this is, or null. */
  Snapshot findCompleted(String volumeId, String nameOrId);

  /**
   * The completed snapshots of a volume with numbers above {@code after} and up to {@code upTo},
   * the first {@code limit} of them, oldest first. Takes as long as those it answers.
   */
  List<Snapshot> completed(String volumeId, long after, long upTo, int limit);

  /** The highest number of a volume's snapshots, in any state; 0 if it has none. */
  long newestNumber(String volumeId);

  /** All in-queue, pending and deleting, oldest first. */
  List<Snapshot> unfinished();

  /** How many there are whose frozen roots are in one block map, in any state. */
  long countOfMap(long volumeNumber);

  /** Whether a volume, in any state, has this block map as its head. */
  boolean volumeExists(long volumeNumber);

  /** What to call the volume with this block map, or what is left of it, in messages. */
  String volumeName(long volumeNumber);

  /** Sets state and progress; {@code failure} only with {@link SnapshotState#ERROR}. */
  void setState(long number, SnapshotState state, int progress, String failure);

  /** Sets the state of all to deleting; their names are free from then on. */
  void markDeleting(Collection<Long> numbers);

  void remove(Collection<Long> numbers);
}
