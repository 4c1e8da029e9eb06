package dev.firn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * Files in memory, with the faults that disks, their drivers and their caches have. What it does,
 * and does not do, is the fault model against which Firn is tested.
 *
 * <p><b>Power cut.</b> What was forced survives. Of what was not, any subset survives, in any
 * order; the parts that survive or not, each by itself, are the {@link Unsynced} ones:
 *
 * <ul>
 *   <li>a sector (of 512 or 4,096 bytes, as the disk was made): it holds what it held when it was
 *       last forced, or after any write since, but no mixture. So a write is torn at sectors;
 *   <li>a file's length: bytes that survive behind a length that did not are gone, and a length
 *       that survives without its bytes shows zeros;
 *   <li>a file's name, until a force of the file (segments, whose store forces the directory when
 *       it makes them) or of its directory (superblocks);
 *   <li>a deletion, until the directory is forced: the file may be back, with any of the above;
 *   <li>a hole: what was there before may be back, sector by sector.
 * </ul>
 *
 * <p><b>The process dies</b>, the machine goes on: use the same disk again. All that was written is
 * there, but no more durable than before: a power cut may still take it.
 *
 * <p><b>Calls that fail</b>, by a {@link FaultPlan}: EIO of a write, which may have written any
 * part of its bytes; EIO of a force, after which the system may have dropped any dirty sector of
 * that file for good, although it still shows it as clean until the machine restarts, and the next
 * force succeeds; EIO of a read; ENOSPC after any byte, by a plan or because the disk has no free
 * block of 4,096 bytes.
 *
 * <p><b>Disks that lie</b>, by a plan, one fault a run: a write that was acknowledged and is never
 * there, one that lands elsewhere (over anything, file or superblock), and a bit that flips on the
 * way. {@link #flip} flips one at rest. All are seen at once, as if no cache stood before the disk.
 *
 * <p><b>What no store can tell.</b> A COMMIT says up to where the log was durable when it was
 * written, checkpoints included. Bytes at the log's end that no whole COMMIT behind them vouches
 * for may be damaged or missing because of a lie as well as because the power was cut before their
 * force was done. So they are taken for the latter: the group that they belong to is dropped as a
 * whole, and the volume opens as it was before it. That is,
 *
 * <ul>
 *   <li>a lie about the last commit since the last checkpoint takes that commit back, unnoticed;
 *   <li>damage that reaches from somewhere in the log to its end takes back all commits from there
 *       on that lie behind the last checkpoint. A misdirected write that hits a sector with the
 *       last few of them is such damage, and if it should have been a superblock, the checkpoint
 *       before counts;
 *   <li>all else is noticed: damage before a COMMIT that vouches for it (the volume is not opened),
 *       damage of trees and of file bytes (what depends on them is not read, never anything else in
 *       their place). Damage of one of the two superblocks is made good by the other.
 * </ul>
 *
 * Closing a volume is a checkpoint, so only one that was in use when it crashed is at risk.
 *
 * <p><b>Out of the model:</b> two lies at once; a disk that loses forced writes in a power cut; a
 * sector that holds a mixture of old and new bytes; contents of another file in unwritten parts of
 * a file; memory that flips bits.
 *
 * <p>Safe for concurrent use.
 */
public final class SimulatedDisk {
  /** Sizes of sectors that disks have. */
  public static final List<Integer> SECTOR_BYTES = List.of(512, 4096);

  /** What the disk is asked to do. */
  public enum Call {
    CREATE,
    WRITE,
    PREPARE,
    FORCE,
    FORCE_DIRECTORY,
    PUNCH,
    DELETE,
    READ;

    boolean isChange() {
      return this != READ;
    }
  }

  /** Sees each call that changes something, before it takes effect. */
  @FunctionalInterface
  public interface Observer {
    void before(Call call, String file);
  }

  private final int sectorBytes;

  // Guarded by this.
  private final Map<String, SimulatedFile> files = new TreeMap<>();
  private final List<Unsynced> unsynced = new ArrayList<>();
  private FaultPlan plan = FaultPlan.none();
  private Observer observer = (call, file) -> {};
  private long capacityBytes = Long.MAX_VALUE / 2;
  private boolean reserveIsAllowed;
  private long reserveBytes;
  private long changes;

  public SimulatedDisk(int sectorBytes) {
    this.sectorBytes = sectorBytes;
  }

  /** The disk's files below {@code segments/} as a store. */
  public SegmentStore segments() {
    return new SimulatedStore(this);
  }

  /** A directory on this disk, for superblocks. */
  public Path directory() {
    return new SimulatedFiles(this).root();
  }

  public synchronized void plan(FaultPlan newPlan) {
    plan = newPlan;
  }

  public synchronized void observe(Observer newObserver) {
    observer = newObserver;
  }

  /** How many calls have tried to change something. */
  public synchronized long changes() {
    return changes;
  }

  /** How many bytes fit, in blocks of 4,096, what the disk has included. */
  public synchronized void resize(long newCapacityBytes) {
    capacityBytes = newCapacityBytes;
  }

  /** Lets stores set blocks aside from now on. */
  public synchronized void allowReserve() {
    reserveIsAllowed = true;
  }

  synchronized boolean keepReserve(long bytes) throws NoSpaceException {
    if (reserveIsAllowed && reserveBytes == 0) {
      if (capacityBytes - usedBytes() < bytes) {
        throw new NoSpaceException("no room for a reserve");
      }
      reserveBytes = bytes;
    }
    return reserveIsAllowed;
  }

  synchronized void giveUpReserve() {
    reserveBytes = 0;
  }

  public synchronized long capacityBytes() {
    return capacityBytes;
  }

  public synchronized long usedBytes() {
    long bytes = reserveBytes;
    for (SimulatedFile file : files.values()) {
      bytes += file.allocatedBytes(0, Integer.MAX_VALUE);
    }
    return bytes;
  }

  /** What a power cut now would put at risk, in the order it was done. */
  public synchronized List<Unsynced> unsynced() {
    return List.copyOf(unsynced);
  }

  /** What the disk holds after a power cut that a part of {@link #unsynced} survives. */
  public synchronized SimulatedDisk powerCut(IntPredicate survives) {
    Map<SimulatedFile, SimulatedFile> after = new HashMap<>();
    for (SimulatedFile file : files.values()) {
      after.put(file, file.afterPowerCut());
    }
    for (Unsynced change : unsynced) {
      after.computeIfAbsent(change.file(), SimulatedFile::afterPowerCut);
    }
    for (int i = 0; i < unsynced.size(); i++) {
      if (survives.test(i)) {
        Unsynced change = unsynced.get(i);
        after.get(change.file()).apply(change);
      }
    }
    SimulatedDisk disk = new SimulatedDisk(sectorBytes);
    disk.capacityBytes = capacityBytes;
    disk.reserveIsAllowed = reserveIsAllowed;
    disk.reserveBytes = reserveBytes;
    for (SimulatedFile file : after.values()) {
      if (file.nameIsDurable() && !file.isDeleted()) {
        file.settle();
        disk.files.put(file.name(), file);
      }
    }
    return disk;
  }

  /** A power cut with one of the outcomes that are likely to be interesting. */
  public synchronized SimulatedDisk powerCut(Random random) {
    int survivingPercent = List.of(0, 10, 50, 90, 100).get(random.nextInt(5));
    int first = random.nextInt(unsynced.size() + 1);
    boolean inOrder = random.nextInt(3) == 0;
    return powerCut(i -> inOrder ? i < first : random.nextInt(100) < survivingPercent);
  }

  /** An equal disk, what is not forced included. */
  public synchronized SimulatedDisk copy() {
    SimulatedDisk disk = new SimulatedDisk(sectorBytes);
    disk.capacityBytes = capacityBytes;
    disk.reserveIsAllowed = reserveIsAllowed;
    disk.reserveBytes = reserveBytes;
    Map<SimulatedFile, SimulatedFile> copies = new HashMap<>();
    files.forEach(
        (name, file) ->
            disk.files.put(name, copies.computeIfAbsent(file, SimulatedFile::fullCopy)));
    for (Unsynced change : unsynced) {
      disk.unsynced.add(change.in(copies.computeIfAbsent(change.file(), SimulatedFile::fullCopy)));
    }
    return disk;
  }

  /** Each file's bytes as a reader sees them. */
  public synchronized Map<String, byte[]> contents() {
    Map<String, byte[]> contents = new TreeMap<>();
    files.forEach((name, file) -> contents.put(name, file.bytes()));
    return contents;
  }

  /** Flips one bit of a file, on the disk and for readers. */
  public synchronized void flip(String name, long bit) {
    files.get(name).flip(bit);
  }

  synchronized void create(String name) throws IOException {
    FaultPlan.Fault fault = begin(Call.CREATE, name);
    if (fault != null) {
      throw fault.failure();
    }
    if (files.containsKey(name)) {
      throw new FileAlreadyExistsException(name);
    }
    SimulatedFile file = new SimulatedFile(name, sectorBytes);
    files.put(name, file);
    unsynced.add(Unsynced.creation(file));
  }

  synchronized void write(String name, long offset, ByteBuffer source) throws IOException {
    write(Call.WRITE, name, offset, source);
  }

  /** Zeros ahead of what will be written. */
  synchronized void prepare(String name, long offset, int length) throws IOException {
    write(Call.PREPARE, name, offset, ByteBuffer.allocate(length));
  }

  private void write(Call call, String name, long offset, ByteBuffer source) throws IOException {
    FaultPlan.Fault fault = begin(call, name);
    SimulatedFile file = file(name);
    byte[] bytes = new byte[source.remaining()];
    source.get(bytes);
    int at = Math.toIntExact(offset);
    if (fault == null) {
      writeWhatFits(file, at, bytes);
      return;
    }
    switch (fault.kind()) {
      case LOST_WRITE -> file.write(at, bytes, false, unsynced);
      case MISDIRECTED_WRITE -> {
        file.write(at, bytes, false, unsynced);
        misdirect(fault.detail(), file, at, bytes);
      }
      case FLIPPED_BIT -> {
        int bit = Math.floorMod(fault.detail(), bytes.length * 8);
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
        file.write(at, bytes, true, unsynced);
      }
      default -> {
        byte[] part = Arrays.copyOf(bytes, fault.part(bytes.length));
        writeWhatFits(file, at, part);
        throw fault.failure();
      }
    }
  }

  private void writeWhatFits(SimulatedFile file, int offset, byte[] bytes) throws IOException {
    long freeBytes = capacityBytes - usedBytes();
    int fitting = file.bytesThatFit(offset, bytes.length, freeBytes);
    if (fitting > 0) {
      file.write(offset, Arrays.copyOf(bytes, fitting), true, unsynced);
    }
    if (fitting < bytes.length) {
      throw new IOException(FaultPlan.NO_SPACE_MESSAGE);
    }
  }

  /** Writes over sectors anywhere but where the bytes belong. */
  private void misdirect(int choice, SimulatedFile intended, int offset, byte[] bytes) {
    List<SimulatedFile> candidates = new ArrayList<>();
    List<Integer> sectors = new ArrayList<>();
    for (SimulatedFile file : files.values()) {
      for (int sector = 0; sector * sectorBytes < file.lengthBytes(); sector++) {
        boolean belongs =
            file == intended
                && (sector + 1) * sectorBytes > offset
                && sector * sectorBytes < offset + bytes.length;
        if (!belongs) {
          candidates.add(file);
          sectors.add(sector);
        }
      }
    }
    if (!candidates.isEmpty()) {
      int index = Math.floorMod(choice, candidates.size());
      int from = sectors.get(index) * sectorBytes;
      SimulatedFile victim = candidates.get(index);
      int length = Math.min(bytes.length, victim.lengthBytes() - from);
      if (victim == intended && from < offset) {
        length = Math.min(length, offset - from);
      }
      victim.overwrite(from, bytes, length);
      for (Unsynced change : unsynced) {
        change.overwritten(victim, from, length);
      }
    }
  }

  synchronized int read(String name, long offset, ByteBuffer target) throws IOException {
    FaultPlan.Fault fault = begin(Call.READ, name);
    SimulatedFile file = file(name);
    if (fault != null) {
      throw fault.failure();
    }
    return file.read(Math.toIntExact(offset), target);
  }

  /**
   * Makes a file's bytes durable.
   *
   * @param withName whether its name becomes durable, too
   */
  synchronized void force(String name, boolean withName) throws IOException {
    FaultPlan.Fault fault = begin(Call.FORCE, name);
    SimulatedFile file = file(name);
    if (fault != null) {
      dropDirtySectors(file, fault);
      throw fault.failure();
    }
    unsynced.removeIf(
        change -> {
          boolean forced =
              change.file() == file
                  && (change.isOfContent() || withName && change.kind() == Unsynced.Kind.CREATION);
          if (forced) {
            file.makeDurable(change);
          }
          return forced;
        });
    if (withName) {
      // A name leads to one file: one that had it before, and was deleted, does not come back.
      unsynced.removeIf(
          change -> change.file() != file && change.file().name().equals(file.name()));
    }
  }

  /** Each dirty sector was written or is forgotten; who reads does not see the difference. */
  private void dropDirtySectors(SimulatedFile file, FaultPlan.Fault fault) {
    Random kept = fault.detail() == 0 ? null : new Random(fault.detail());
    unsynced.removeIf(
        change -> {
          boolean dirty = change.file() == file && change.kind() == Unsynced.Kind.SECTOR;
          if (dirty && kept != null && kept.nextBoolean()) {
            file.makeDurable(change);
          }
          return dirty;
        });
  }

  /** What the system's cache has of a file that is clean goes: from now on the disk answers. */
  synchronized void dropCache(String name) throws IOException {
    SimulatedFile file = file(name);
    file.dropCache();
    for (Unsynced change : unsynced) {
      if (change.file() == file && change.isOfContent()) {
        file.show(change);
      }
    }
  }

  synchronized void forceDirectory(String directory) throws IOException {
    FaultPlan.Fault fault = begin(Call.FORCE_DIRECTORY, directory);
    if (fault != null) {
      throw fault.failure();
    }
    unsynced.removeIf(
        change -> {
          boolean forced = !change.isOfContent() && change.file().name().startsWith(directory);
          if (forced) {
            change.file().makeDurable(change);
          }
          return forced;
        });
    unsynced.removeIf(change -> change.file().isDeleted());
  }

  synchronized long punch(String name, int from, int to) throws IOException {
    FaultPlan.Fault fault = begin(Call.PUNCH, name);
    if (fault != null) {
      throw fault.failure();
    }
    return file(name).punch(from, to, unsynced);
  }

  synchronized void delete(String name) throws IOException {
    FaultPlan.Fault fault = begin(Call.DELETE, name);
    if (fault != null) {
      throw fault.failure();
    }
    SimulatedFile file = files.remove(name);
    if (file != null) {
      unsynced.add(Unsynced.deletion(file));
    }
  }

  synchronized long allocatedBytes(String name, long from, long to) throws IOException {
    return file(name).allocatedBytes((int) from, (int) Math.min(to, Integer.MAX_VALUE));
  }

  synchronized int lengthBytes(String name) throws IOException {
    return file(name).lengthBytes();
  }

  synchronized boolean exists(String name) {
    return files.containsKey(name);
  }

  synchronized List<String> list() {
    return new ArrayList<>(files.keySet());
  }

  private FaultPlan.Fault begin(Call call, String name) {
    if (call.isChange()) {
      observer.before(call, name);
      changes++;
    }
    return plan.next(call, changes);
  }

  private SimulatedFile file(String name) throws NoSuchFileException {
    SimulatedFile file = files.get(name);
    if (file == null) {
      throw new NoSuchFileException(name);
    }
    return file;
  }
}
