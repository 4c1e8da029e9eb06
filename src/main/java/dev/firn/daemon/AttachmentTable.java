package dev.firn.daemon;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.fuse.MountPoint;
import dev.firn.region.AttachmentRecord;
import dev.firn.region.Region;
import dev.firn.region.Volume;
import dev.firn.server.Failure;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which block volumes are devices, and which should be. An attachment that a user asked for is
 * stored, and comes back whenever the home is opened, until somebody detaches it.
 *
 * <p>A device stands for the file {@code disk.raw} of a mounted volume: of the mount that is there,
 * or of one inside the home. It must go before that mount does.
 *
 * <p>Safe for concurrent use. The lock is held only to look at the table and change it; an entry's
 * state keeps others away from it.
 */
final class AttachmentTable {
  private static final Logger LOG = LoggerFactory.getLogger(AttachmentTable.class);

  private final Region region;
  private final MountTable mounts;
  private final Object lock = new Object();
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private boolean stopping;

  AttachmentTable(Region region, MountTable mounts) {
    this.region = region;
    this.mounts = mounts;
  }

  private enum State {
    ATTACHING,
    ATTACHED,
    DETACHING,
    /** Wanted, but could not be restored. */
    FAILED
  }

  private static final class Entry {
    final String volumeId;
    State state = State.ATTACHING;
    String problem;

    /** Both null when another mount of the volume serves. */
    PrivateMount mount;

    FileSystem files;

    Path disk;
    String device;

    /** Where the file system on it is to be mounted, or null. */
    Path directory;

    boolean mounted;

    Entry(String volumeId) {
      this.volumeId = volumeId;
    }
  }

  /**
   * Ends the devices of a daemon that died: they give errors only. To be called before anything is
   * mounted, since they are known by the names of their files.
   */
  void clearDead() {
    for (AttachmentRecord record : region.attachments()) {
      try {
        if (LoopDevice.isOf(record.device(), record.disk())) {
          clearDead(record);
        }
      } catch (IOException | RuntimeException e) {
        LOG.warn("The dead device {} stays", record.device(), e);
      }
    }
  }

  private static void clearDead(AttachmentRecord record) throws IOException {
    for (Path place : LoopDevice.mountedAt(record.device())) {
      if (place.equals(record.directory())) {
        MountPoint.unmountLazily(place);
      } else {
        LOG.warn("Unmount {}: its device {} is dead, and goes then", place, record.device());
      }
    }
    LoopDevice.detachLater(record.device());
    LOG.info("Detached the dead device {}", record.device());
  }

  /** Attaches what was attached when the home was last in service; failures are kept and shown. */
  void restore() {
    for (AttachmentRecord record : region.attachments()) {
      Entry entry = new Entry(record.volumeId());
      entry.directory = record.directory();
      synchronized (lock) {
        entries.put(entry.volumeId, entry);
      }
      try {
        serve(entry, record.device());
        if (entry.directory != null) {
          mount(entry);
        }
        settle(entry, State.ATTACHED, null);
        LOG.info("Attached {} as {} again", entry.volumeId, entry.device);
      } catch (IOException | RuntimeException e) {
        LOG.error("{} cannot be attached again", entry.volumeId, e);
        endAnyway(entry);
        settle(entry, State.FAILED, Failure.of(e).message());
      }
    }
  }

  /**
   * Makes a block volume a device, and remembers that.
   *
   * @param type of the file system to make if the disk is new, or null
   * @param directory where to mount what is on it, or null
   */
  AttachmentStatus attach(Volume volume, String type, Path directory) throws IOException {
    check(volume, type, directory);
    Path place = directory == null ? null : MountPoint.prepare(directory);
    Entry entry = reserve(volume);
    entry.directory = place;
    boolean attached = false;
    try {
      serve(entry, null);
      if (type != null) {
        makeFileSystem(entry, volume, type);
      }
      if (place != null) {
        mount(entry);
      }
      attached = true;
    } finally {
      if (!attached) {
        endAnyway(entry);
        region.removeAttachment(entry.volumeId);
        forget(entry);
      }
    }
    settle(entry, State.ATTACHED, null);
    LOG.info("Attached {} as {}", entry.volumeId, entry.device);
    return status(entry);
  }

  private static void check(Volume volume, String type, Path directory) {
    if (!MountPoint.isRoot()) {
      throw FirnException.notPermitted(
          "volume '%s' cannot be attached: devices are root's; run the daemon of this home as root,"
              + " or use the file %s of a mount",
          volume.name(), Disk.NAME);
    }
    if (volume.kind() != VolumeKind.BLOCK) {
      throw FirnException.usage(
          "volume '%s' is of kind '%s' and no disk: mount it ('firn mount %s DIR')",
          volume.name(), volume.kind().text(), volume.name());
    }
    DiskFileSystems.check(type);
    if (type != null && directory == null) {
      throw FirnException.usage(
          "say where the new file system is to be mounted: --fs %s --at DIR", type);
    }
  }

  private Entry reserve(Volume volume) {
    Entry entry = new Entry(volume.id());
    synchronized (lock) {
      if (stopping) {
        throw FirnException.conflict("the daemon is stopping; try again in a moment");
      }
      Entry other = entries.get(volume.id());
      if (other != null && other.state != State.FAILED) {
        throw FirnException.conflict(
            "volume '%s' is %s already%s",
            volume.name(), word(other.state), other.device == null ? "" : " as " + other.device);
      }
      entries.put(volume.id(), entry);
    }
    return entry;
  }

  /** Makes the device, over the mount that is there or one of its own. */
  private void serve(Entry entry, String preferred) throws IOException {
    MountTable.Served served = mounts.served(entry.volumeId);
    boolean readOnly = false;
    if (served == null) {
      entry.files = region.openVolume(entry.volumeId, false);
      entry.mount = PrivateMount.open(region.home(), entry.volumeId, entry.files, false);
      entry.disk = entry.mount.directory().resolve(Disk.NAME);
    } else {
      readOnly = served.readOnly();
      entry.disk = served.directory().resolve(Disk.NAME);
    }
    entry.device = LoopDevice.attach(entry.disk, readOnly, preferred);
    region.saveAttachment(
        new AttachmentRecord(entry.volumeId, entry.device, entry.disk, entry.directory));
  }

  private void makeFileSystem(Entry entry, Volume volume, String type) throws IOException {
    if (isNew(entry)) {
      DiskFileSystems.make(type, entry.device);
      return;
    }
    String found = DiskFileSystems.typeOn(entry.device);
    if (!type.equals(found)) {
      throw FirnException.conflict(
          "volume '%s' is not new, and holds %s instead of %s: attach it without --fs, and see",
          volume.name(), found == null ? "something else" : found, type);
    }
  }

  private boolean isNew(Entry entry) throws IOException {
    FileSystem files =
        entry.files != null ? entry.files : mounts.served(entry.volumeId).fileSystem();
    return files.lookup(FileSystem.ROOT_INODE, Disk.name()).allocatedBytes() == 0;
  }

  private static void mount(Entry entry) throws IOException {
    DiskFileSystems.mount(entry.device, entry.directory);
    entry.mounted = true;
  }

  /** Ends an attachment and forgets it; everything that was written is durable then. */
  void detach(Volume volume) throws IOException {
    Entry entry;
    boolean served;
    synchronized (lock) {
      entry = entries.get(volume.id());
      if (entry == null) {
        throw FirnException.notFound("volume '%s' is not attached", volume.name());
      }
      if (entry.state == State.ATTACHING || entry.state == State.DETACHING) {
        throw FirnException.conflict(
            "volume '%s' is %s just now; try again in a moment", volume.name(), word(entry.state));
      }
      served = entry.state == State.ATTACHED;
      entry.state = State.DETACHING;
    }
    if (served) {
      try {
        end(entry);
      } catch (IOException | RuntimeException e) {
        if (isWhole(entry)) {
          settle(entry, State.ATTACHED, null);
        } else {
          LOG.error("{} was not detached in order", entry.device, e);
          endAnyway(entry);
          region.removeAttachment(entry.volumeId);
          forget(entry);
        }
        throw e;
      }
    }
    region.removeAttachment(entry.volumeId);
    forget(entry);
    LOG.info("Detached {}", entry.volumeId);
  }

  /** Whether an end that failed left everything as it was. */
  private static boolean isWhole(Entry entry) throws IOException {
    return LoopDevice.isOf(entry.device, entry.disk) && (entry.directory == null || entry.mounted);
  }

  /** The id of the volume that a device stands for. */
  String volumeOf(String device) {
    synchronized (lock) {
      for (Entry entry : entries.values()) {
        if (device.equals(entry.device)) {
          return entry.volumeId;
        }
      }
    }
    throw FirnException.notFound(
        "'%s' is no device of Firn; 'firn daemon status' lists those that are",
        SnapshotNames.printable(device));
  }

  /** Ends an attachment that nobody uses; when that is refused everything stays as it was. */
  private void end(Entry entry) throws IOException {
    refuseUsed(entry);
    if (entry.mounted) {
      MountPoint.unmount(entry.directory);
      entry.mounted = false;
    }
    try {
      LoopDevice.force(entry.device);
      LoopDevice.detach(entry.device, entry.disk);
    } catch (IOException | RuntimeException e) {
      mountAgain(entry, e);
      throw e;
    }
    if (entry.mount != null) {
      entry.mount.close();
      entry.files.close();
    }
  }

  private static void mountAgain(Entry entry, Exception cause) throws IOException {
    if (entry.directory != null && LoopDevice.isOf(entry.device, entry.disk)) {
      try {
        mount(entry);
      } catch (IOException | RuntimeException e) {
        cause.addSuppressed(e);
      }
    }
  }

  private void refuseUsed(Entry entry) throws IOException {
    List<String> uses = new ArrayList<>();
    for (Path place : LoopDevice.mountedAt(entry.device)) {
      if (!(entry.mounted && place.equals(entry.directory))) {
        uses.add("the mount at '" + place + "' (umount it first)");
      }
    }
    uses.addAll(LoopDevice.holders(entry.device));
    if (!entry.mounted) {
      uses.addAll(MountPoint.usersOf(Path.of(entry.device)));
    }
    if (!uses.isEmpty()) {
      throw FirnException.conflict(
          "volume '%s' is attached as %s, which is in use by %s",
          name(entry), entry.device, String.join(", ", uses));
    }
  }

  /**
   * Ends all attachments in order but keeps them wanted, or none.
   *
   * @throws FirnException CONFLICT when one is in use
   */
  void endAll() throws IOException {
    List<Entry> ending = beginStop();
    List<Entry> ended = new ArrayList<>();
    try {
      for (Entry entry : ending) {
        end(entry);
        ended.add(entry);
      }
    } catch (IOException | RuntimeException e) {
      goOn(ending, ended);
      throw e;
    }
    ending.forEach(this::forget);
  }

  private List<Entry> beginStop() {
    List<Entry> attached = new ArrayList<>();
    synchronized (lock) {
      stopping = true;
      for (Entry entry : entries.values()) {
        if (entry.state == State.ATTACHED) {
          entry.state = State.DETACHING;
          attached.add(entry);
        }
      }
    }
    return attached;
  }

  private void goOn(List<Entry> ending, List<Entry> ended) {
    for (Entry entry : ending) {
      try {
        if (ended.contains(entry)) {
          serve(entry, entry.device);
          if (entry.directory != null) {
            mount(entry);
          }
        }
        settle(entry, State.ATTACHED, null);
      } catch (IOException | RuntimeException e) {
        LOG.error("{} cannot be attached again", entry.volumeId, e);
        settle(entry, State.FAILED, Failure.of(e).message());
      }
    }
    synchronized (lock) {
      stopping = false;
    }
  }

  /**
   * Ends all attachments but keeps them wanted. Of those in use everything that was written is made
   * durable; their users see errors from then on. Answers whether all ended in order.
   */
  boolean endAllAnyway() {
    boolean inOrder = true;
    for (Entry entry : beginStop()) {
      try {
        end(entry);
      } catch (IOException | RuntimeException e) {
        LOG.error("{} was not detached in order", entry.device, e);
        inOrder = false;
        endAnyway(entry);
      }
      forget(entry);
    }
    return inOrder;
  }

  /** Ends what there is of an attachment, whatever fails. */
  private static void endAnyway(Entry entry) {
    if (entry.device != null) {
      quietly(
          entry,
          () -> {
            for (Path place : LoopDevice.mountedAt(entry.device)) {
              quietly(entry, () -> DiskFileSystems.sync(place));
            }
            if (entry.mounted) {
              MountPoint.unmountLazily(entry.directory);
              entry.mounted = false;
            }
          });
      quietly(entry, () -> LoopDevice.force(entry.device));
      quietly(entry, () -> LoopDevice.detach(entry.device, entry.disk));
    }
    if (entry.mount != null) {
      quietly(entry, entry.mount::closeAnyway);
      entry.mount = null;
    }
    if (entry.files != null) {
      quietly(entry, entry.files::close);
      entry.files = null;
    }
    entry.device = null;
  }

  private interface Step {
    void run() throws IOException;
  }

  private static void quietly(Entry entry, Step step) {
    try {
      step.run();
    } catch (IOException | RuntimeException e) {
      LOG.warn("{}: {}", entry.volumeId, e.getMessage());
    }
  }

  /** To be called when a volume has grown. */
  void grown(Volume volume) throws IOException {
    Entry entry;
    synchronized (lock) {
      entry = entries.get(volume.id());
      if (entry == null || entry.state != State.ATTACHED) {
        return;
      }
    }
    // The kernel asks for the size when somebody wants to know it; the device does not.
    long sizeBytes = Files.size(entry.disk);
    LoopDevice.grow(entry.device);
    LOG.info("{} has {} bytes now", entry.device, sizeBytes);
  }

  /** Refuses what cannot be done to a volume that is a device. */
  void refuseAttached(Volume volume) {
    AttachmentStatus status = of(volume.id());
    if (status != null) {
      throw FirnException.conflict(
          "volume '%s' is attached as %s; detach it first: firn detach %s",
          volume.name(), status.device(), volume.name());
    }
  }

  /** Refuses to take a mount away that a device needs. */
  void refuseAttachedAt(Path directory) {
    for (AttachmentStatus status : list()) {
      Entry entry;
      synchronized (lock) {
        entry = entries.get(status.volumeId());
      }
      if (entry != null
          && entry.state == State.ATTACHED
          && entry.disk.getParent().equals(directory.toAbsolutePath().normalize())) {
        throw FirnException.conflict(
            "'%s' has the disk of %s, which is attached as %s; detach it first: firn detach %s",
            directory, status.volumeName(), status.device(), status.device());
      }
    }
  }

  /** Forgets a wanted attachment of a volume that is no more. */
  void forgetVolume(String volumeId) {
    synchronized (lock) {
      entries.remove(volumeId);
    }
    region.removeAttachment(volumeId);
  }

  /** The volume's attachment, or null; a failed one does not count. */
  AttachmentStatus of(String volumeId) {
    Entry entry;
    synchronized (lock) {
      entry = entries.get(volumeId);
      if (entry == null || entry.state == State.FAILED) {
        return null;
      }
    }
    return status(entry);
  }

  List<AttachmentStatus> list() {
    List<Entry> all;
    synchronized (lock) {
      all = new ArrayList<>(entries.values());
    }
    return all.stream().map(this::status).toList();
  }

  private void settle(Entry entry, State state, String problem) {
    synchronized (lock) {
      entry.state = state;
      entry.problem = problem;
    }
  }

  private void forget(Entry entry) {
    synchronized (lock) {
      entries.remove(entry.volumeId, entry);
    }
  }

  private AttachmentStatus status(Entry entry) {
    String name = name(entry);
    synchronized (lock) {
      return new AttachmentStatus(
          entry.volumeId, name, entry.device, entry.directory, word(entry.state), entry.problem);
    }
  }

  private String name(Entry entry) {
    try {
      return region.volume(entry.volumeId).name();
    } catch (FirnException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  private static String word(State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }
}
