package dev.firn.map;

import dev.firn.base.Bytes;
import dev.firn.base.DaemonThreads;
import dev.firn.base.DurableFiles;
import dev.firn.store.Compression;
import dev.firn.store.CorruptDataException;
import dev.firn.store.FileSegmentStore;
import dev.firn.store.LogPosition;
import dev.firn.store.NoSpaceException;
import dev.firn.store.RecordPointer;
import dev.firn.store.RecordReader;
import dev.firn.store.SegmentStore;
import dev.firn.store.Superblock;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The block maps of a home: opens, makes, clones and deletes them; owns the shared caches and the
 * clock that commits what nobody synced. Safe for concurrent use.
 */
public final class MapStore implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(MapStore.class);

  /** Nothing stays uncommitted much longer than this; the promise is five seconds. */
  private static final long COMMIT_PERIOD_MILLIS = 2_000;

  private static final String SUPERBLOCK_SUFFIX = ".super";

  /** How a volume's records are placed and packed. */
  public record VolumeOptions(String placement, String compression) {}

  private final Path directory;
  private final SegmentStore segments;
  private final MapOptions options;
  private final RecordReader records;
  private final NodeStore nodes;
  private final Map<Long, VolumeMap> open = new ConcurrentHashMap<>();

  /** Those of {@link #open} that were to be closed on a full disk; nobody has them. */
  private final Set<VolumeMap> waiting = ConcurrentHashMap.newKeySet();

  private final Map<String, DiskSpace> spaces = new ConcurrentHashMap<>();
  private final Set<VolumeMap> checkpointsWanted = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService keeper;
  private final LongAdder releasedBytes = new LongAdder();
  private final LongAdder droppedRoots = new LongAdder();
  private volatile LongFunction<String> names = number -> "volume number " + number;
  private final ReentrantLock reclaimLock = new ReentrantLock();

  /**
   * Held while a reclaim takes its roots, and by those who walk trees without keeping their roots
   * in use: what they find then is live for a reclaim that began before, too.
   */
  private final ReentrantLock rootsLock = new ReentrantLock();

  /**
   * Opens the store in a directory, making it when it is empty.
   *
   * @param placements name of each Subregion; the directory {@code segments/NAME} holds its
   *     segments
   */
  public static MapStore open(Path directory, List<String> placements) throws IOException {
    return open(directory, placements, MapOptions.standard());
  }

  /** As {@link #open(Path, List)}, with other sizes. */
  public static MapStore open(Path directory, List<String> placements, MapOptions options)
      throws IOException {
    Files.createDirectories(directory);
    MapStore store =
        new MapStore(
            directory, new FileSegmentStore(directory.resolve("segments"), placements), options);
    DurableFiles.force(directory);
    return store;
  }

  MapStore(Path directory, SegmentStore segments, MapOptions options) throws IOException {
    this.directory = Files.createDirectories(directory.resolve("volumes"));
    this.segments = segments;
    this.options = options;
    this.records = new RecordReader(segments, options.extentCacheBytes());
    this.nodes = new NodeStore(records, options.nodeCacheBytes());
    this.keeper =
        // One of the two goes on committing while the other writes a long checkpoint.
        Executors.newScheduledThreadPool(2, DaemonThreads.named("firn-commit"));
    keeper.scheduleWithFixedDelay(
        this::commitAll, COMMIT_PERIOD_MILLIS, COMMIT_PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  /**
   * What to call maps in messages and in the log, by their numbers; until then it is that.
   *
   * @param names like {@code volume 'data'}; asked rarely, and perhaps with a map's locks held
   */
  public void describeBy(LongFunction<String> names) {
    this.names = names;
  }

  String describe(long volumeNumber) {
    try {
      return names.apply(volumeNumber);
    } catch (RuntimeException e) {
      // The disk that the names are on may fail, too. Whoever asks has worse to tell.
      LOG.debug("The name of volume {} is not known", volumeNumber, e);
      return "volume number " + volumeNumber;
    }
  }

  SegmentStore segments() {
    return segments;
  }

  RecordReader records() {
    return records;
  }

  NodeStore nodes() {
    return nodes;
  }

  MapOptions options() {
    return options;
  }

  DiskSpace space(String placement) {
    return spaces.computeIfAbsent(placement, name -> new DiskSpace(segments, name));
  }

  /** A new empty map. Numbers, 1 to 2^31 - 1, must not repeat within a home. */
  public VolumeMap create(long volumeNumber, VolumeOptions volumeOptions) throws IOException {
    return create(volumeNumber, volumeOptions, null);
  }

  /** A new map whose head equals {@code source}; shares all its data. */
  public VolumeMap createFrom(long volumeNumber, VolumeOptions volumeOptions, FrozenMap source)
      throws IOException {
    RecordPointer root = source.owner().durablePlace(source);
    if (root == null) {
      throw new IllegalStateException("a frozen root that its volume does not know any more");
    }
    return create(volumeNumber, volumeOptions, root);
  }

  private synchronized VolumeMap create(
      long volumeNumber, VolumeOptions volumeOptions, RecordPointer head) throws IOException {
    if (volumeNumber < 1 || volumeNumber > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("volume number " + volumeNumber);
    }
    Compression compression = Compression.ofLabel(volumeOptions.compression());
    if (compression == null) {
      throw new IllegalArgumentException("compression '" + volumeOptions.compression() + "'");
    }
    Path path = superblockPath(volumeNumber);
    if (Files.exists(path)) {
      throw new FileAlreadyExistsException(path.toString());
    }
    new Superblock(path, volumeNumber)
        .write(
            new Superblock.Content(
                1,
                volumeNumber,
                head,
                null,
                LogPosition.start(volumeNumber),
                compression,
                volumeOptions.placement(),
                Bytes.EMPTY));
    return open(volumeNumber);
  }

  /** Opens and recovers; an open map is answered again. */
  public synchronized VolumeMap open(long volumeNumber) throws IOException {
    VolumeMap map = open.get(volumeNumber);
    if (map != null && waiting.remove(map) && map.failure() != null) {
      // Nobody has it, and only opening it anew helps.
      map.abandon();
      map = null;
    }
    if (map == null) {
      Path path = superblockPath(volumeNumber);
      if (!Files.exists(path)) {
        throw new NoSuchFileException(path.toString());
      }
      Superblock superblock = new Superblock(path, volumeNumber);
      map = new VolumeMap(this, superblock, superblock.read());
      open.put(volumeNumber, map);
    }
    return map;
  }

  /** The numbers of all volumes in the store, ascending. */
  public List<Long> list() throws IOException {
    List<Long> numbers = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(directory, "*" + SUPERBLOCK_SUFFIX)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        numbers.add(
            Long.parseLong(name.substring(0, name.length() - SUPERBLOCK_SUFFIX.length()), 16));
      }
    }
    Collections.sort(numbers);
    return numbers;
  }

  /** Forgets a volume's head and frozen roots. Segments that others point into stay. */
  public synchronized void delete(long volumeNumber) throws IOException {
    VolumeMap map = open.get(volumeNumber);
    if (map != null) {
      map.abandon();
    }
    Files.deleteIfExists(superblockPath(volumeNumber));
    DurableFiles.force(directory);
    droppedRoot();
  }

  /** What verifies maps of this store. */
  public Scrub scrub(Scrub.Depth depth, ExtentKeys extentKeys, ScrubVisitor visitor) {
    return new Scrub(segments, records, depth, extentKeys, visitor);
  }

  /** About how many bytes the store has on the disk. */
  public long storedBytes() throws IOException {
    long bytes = 0;
    for (long segment : segments.list()) {
      try {
        bytes += segments.allocatedBytes(segment, 0, segments.length(segment));
      } catch (IOException e) {
        if (segments.exists(segment)) {
          throw e;
        }
        // It was given back to the disk meanwhile.
      }
    }
    return bytes;
  }

  /**
   * What has been let go of since the store was opened, for those who choose when to reclaim.
   *
   * @param bytes file bytes that lost a reference in some head; others may have one
   * @param roots frozen roots and whole maps
   */
  public record Released(long bytes, long roots) {}

  /** The amounts of now, which only grow. */
  public Released released() {
    return new Released(releasedBytes.sum(), droppedRoots.sum());
  }

  void releasedBytes(long bytes) {
    releasedBytes.add(bytes);
  }

  void droppedRoot() {
    droppedRoots.increment();
  }

  /**
   * Lets others have what the disks have set aside for deleting, who need it for that.
   *
   * @return whether there was something
   */
  public boolean giveUpReserves(List<String> placements) throws IOException {
    boolean given = false;
    for (String placement : placements) {
      given |= space(placement).giveUp();
    }
    return given;
  }

  /** Whether a placement's disk has little more left than what is kept for deleting. */
  public boolean isShortOfSpace(String placement) throws IOException {
    return space(placement).isShort();
  }

  /**
   * Gives back the space of what no map can reach any more; see {@link Reclaim}. One at a time.
   *
   * @param dryRun only tell what would be given back
   */
  public ReclaimReport reclaim(ReclaimedMaps maps, ExtentKeys extentKeys, boolean dryRun)
      throws IOException {
    reclaimLock.lock();
    try {
      ReclaimPace pace =
          new ReclaimPace(this::placesTaken, this::isShortOfSpace, LockSupport::parkNanos);
      Reclaim reclaim = new Reclaim(segments, nodes, extentKeys, maps, pace);
      rootsLock.lock();
      try {
        reclaim.begin();
      } finally {
        rootsLock.unlock();
      }
      return reclaim.finish(dryRun);
    } finally {
      reclaimLock.unlock();
    }
  }

  /**
   * How much of the disk sets of roots hold, which may overlap; roots that are not there hold
   * nothing. Does not wait for a reclaim that goes on, and none begins meanwhile.
   *
   * @param hasHead which maps' heads count; those of others hold nothing for anybody
   */
  public SpaceReport space(
      ReclaimedMaps maps, ExtentKeys extentKeys, LongPredicate hasHead, List<Set<RootName>> sets)
      throws IOException {
    rootsLock.lock();
    try {
      return new SpaceAccount(nodes, extentKeys, hasHead).run(maps, sets);
    } finally {
      rootsLock.unlock();
    }
  }

  /** Bytes of the whole disk under a placement, and how many of them can still be written. */
  public DiskSize diskSize(String placement) throws IOException {
    return new DiskSize(segments.totalBytes(placement), segments.usableBytes(placement));
  }

  /** What {@link #diskSize} answers. */
  public record DiskSize(long totalBytes, long freeBytes) {}

  /**
   * What a volume's superblock says of it, without opening the volume.
   *
   * @param metadata as {@link VolumeMap#setMetadata} was given it
   */
  public record Identity(long number, VolumeOptions options, byte[] metadata) {}

  /**
   * Tells what a volume is.
   *
   * @throws NoSuchFileException if there is none with this number
   */
  public Identity identity(long volumeNumber) throws IOException {
    Superblock.Content content = new Superblock(superblockPath(volumeNumber), volumeNumber).read();
    return new Identity(
        volumeNumber,
        new VolumeOptions(content.placement(), content.compression().label()),
        content.metadata());
  }

  /** The highest number that a volume has, or had while segments of it are there; 0 for none. */
  public long highestVolumeNumber() throws IOException {
    long highest = 0;
    for (long number : list()) {
      highest = Math.max(highest, number);
    }
    for (long segment : segments.list()) {
      highest = Math.max(highest, LogPosition.volumeOf(segment));
    }
    return highest;
  }

  /**
   * Makes damaged superblocks anew from their copies in the logs; and all of them when none is
   * there. (Another that is missing among others was deleted with its volume.)
   *
   * @param expected the numbers of volumes that are known to be there
   * @throws CorruptDataException if a damaged one cannot be made anew
   */
  public synchronized RestoredSuperblocks restoreSuperblocks(Set<Long> expected)
      throws IOException {
    return new SuperblockRestorer(this).run(expected);
  }

  /**
   * What {@link #restoreSuperblocks} did.
   *
   * @param restored the numbers of the volumes that got one
   * @param lost the numbers of those that did not: they were deleted, or are lost
   */
  public record RestoredSuperblocks(List<Long> restored, List<Long> lost) {}

  private long placesTaken() {
    long taken = 0;
    for (VolumeMap map : open.values()) {
      taken += map.placesTaken();
    }
    return taken;
  }

  private boolean isShortOfSpace() throws IOException {
    for (String placement : spaces.keySet()) {
      if (isShortOfSpace(placement)) {
        return true;
      }
    }
    return false;
  }

  Path superblockPath(long volumeNumber) {
    return directory.resolve(String.format("%08x%s", volumeNumber, SUPERBLOCK_SUFFIX));
  }

  void forget(VolumeMap map) {
    open.remove(map.number(), map);
    waiting.remove(map);
    checkpointsWanted.remove(map);
  }

  /** As if it had not been closed: what it holds is committed as soon as that is possible. */
  void keepOpen(VolumeMap map) {
    waiting.add(map);
    open.put(map.number(), map);
  }

  void requestCheckpoint(VolumeMap map) {
    if (checkpointsWanted.add(map)) {
      keeper.execute(() -> checkpointWanted(map));
    }
  }

  private void checkpointWanted(VolumeMap map) {
    if (checkpointsWanted.remove(map)) {
      keep(map, true);
    }
  }

  private void commitAll() {
    for (VolumeMap map : open.values()) {
      keep(map, false);
    }
  }

  private void keep(VolumeMap map, boolean checkpoint) {
    if (map.failure() != null) {
      return;
    }
    try {
      if (checkpoint) {
        map.checkpoint();
      } else {
        map.commit();
      }
    } catch (NoSpaceException e) {
      LOG.debug("{}: waits for space", describe(map.number()));
    } catch (IOException | RuntimeException | Error e) {
      if (open.containsValue(map)) {
        LOG.error("{}: background commit failed: {}", describe(map.number()), e.getMessage(), e);
      }
    }
  }

  /** Closes all open maps. Nothing writes to the store any more on return. */
  @Override
  public void close() throws IOException {
    keeper.shutdown();
    IOException failure = null;
    for (VolumeMap map : List.copyOf(open.values())) {
      try {
        map.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    awaitKeeper();
    segments.close();
    if (failure != null) {
      throw failure;
    }
  }

  /** It may still be at a map that a full disk keeps open. */
  private void awaitKeeper() {
    boolean ended = false;
    boolean interrupted = false;
    while (!ended) {
      try {
        ended = keeper.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
