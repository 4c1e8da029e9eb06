package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.ClientToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an account keeps through the API beside volumes and snapshots: types of volumes, links to
 * machines, updates as tasks, requests that are not done twice. Safe for concurrent use.
 */
public final class Cloud {
  private static final Logger LOG = LoggerFactory.getLogger(Cloud.class);
  private static final int LOCKS = 1024;

  private final Region region;
  private final CloudRows rows;

  /** Requests with the same token do not run at one moment: one of these is theirs. */
  private final Object[] locks;

  private final CatalogCopy copy;

  Cloud(Region region, CloudRows rows, Object[] locks, CatalogCopy copy) {
    this.region = region;
    this.rows = rows;
    this.locks = locks;
    this.copy = copy;
  }

  /** What makes something, and answers its id. */
  @FunctionalInterface
  public interface Maker {
    /**
     * @param token to be kept in the step that makes it; null: there is none
     */
    String make(ClientToken token) throws IOException;
  }

  /**
   * Makes something, or answers what the same request made before, be it before a crash.
   *
   * @param token null: each request is another one
   * @param argumentsDigest the same for the same arguments
   * @throws FirnException CONFLICT, for the reason token-mismatch, if the token came with other
   *     arguments
   */
  public String once(String action, String token, String argumentsDigest, Maker maker)
      throws IOException {
    if (token == null) {
      return maker.make(null);
    }
    ClientToken meant = new ClientToken(region.accountId(), action, token, argumentsDigest);
    // Held while the work is done: whoever comes with the same token has to wait for its outcome.
    synchronized (
        locks[Math.floorMod(List.of(meant.accountId(), action, token).hashCode(), LOCKS)]) {
      CloudRows.Done before = rows.done(meant);
      if (before == null) {
        return make(meant, maker);
      }
      if (!before.argumentsDigest().equals(argumentsDigest)) {
        throw FirnException.conflict(
                "the client token '%s' came before with other arguments: use another one", token)
            .because("token-mismatch");
      }
      return before.resourceId();
    }
  }

  private String make(ClientToken token, Maker maker) throws IOException {
    String id = null;
    try {
      id = maker.make(token);
      return id;
    } finally {
      if (id == null) {
        rows.forgetFailed(token);
      }
    }
  }

  /** One for each token in use, nearly always. */
  static Object[] newLocks() {
    return Stream.generate(Object::new).limit(LOCKS).toArray();
  }

  /** The tokens that the account's own resources were made with, by their ids. */
  public Map<String, String> tokens(Collection<String> resourceIds) {
    return rows.tokens(resourceIds);
  }

  /** Types of the account's volumes, by their ids; those without an entry are standard. */
  public Map<String, VolumeOffer> offers() {
    return rows.offers(region.accountId());
  }

  public void setOffer(String volumeId, VolumeOffer offer) {
    rows.setOffer(region.volume(volumeId).id(), offer);
    copy.update();
  }

  /** All links, by volume, also those whose mounts have ended since. */
  public Map<String, Attachment> attachments() {
    return rows.attachments();
  }

  /** Notes a link before it is made; CONFLICT if the device's name is taken. */
  public Attachment attach(String volumeId, String vmId, String deviceName, Path directory) {
    return rows.attach(region.volume(volumeId).id(), vmId, deviceName, directory);
  }

  public void detach(String volumeId) {
    rows.detach(region.volume(volumeId).id());
  }

  /**
   * Grows a volume, or changes its type, as a task; when this returns the task is over.
   *
   * @param sizeBytes null: as it is
   * @param offer null: as it is
   */
  public UpdateTask update(String volumeId, Long sizeBytes, VolumeOffer offer) throws IOException {
    Volume volume = region.volume(volumeId);
    UpdateTask.Size origin = new UpdateTask.Size(volume.sizeBytes(), rows.offer(volume.id()));
    UpdateTask.Size target =
        new UpdateTask.Size(
            sizeBytes == null ? origin.sizeBytes() : sizeBytes,
            offer == null ? origin.offer() : offer);
    if (target.sizeBytes() < origin.sizeBytes()) {
      throw FirnException.conflict(
              "volume %s has %d bytes and cannot shrink: make a smaller volume and copy the files",
              volume.id(), origin.sizeBytes())
          .because("invalid-volume-size");
    }
    UpdateTask task = rows.beginUpdate(region.accountId(), volume.id(), origin, target);
    String failure = "Firn ran into an error that its log tells";
    try {
      if (target.sizeBytes() > origin.sizeBytes()) {
        region.resizeVolume(volume.id(), target.sizeBytes());
      }
      if (!target.offer().equals(origin.offer())) {
        setOffer(volume.id(), target.offer());
      }
      failure = null;
    } catch (FirnException | IOException e) {
      failure = String.valueOf(e.getMessage());
      throw e;
    } finally {
      rows.endUpdate(task.id(), failure);
    }
    return task;
  }

  /** The account's tasks, oldest first, from behind a number on. */
  public List<UpdateTask> updates(long after, int limit) {
    return rows.updates(region.accountId(), after, limit);
  }

  /** Ends what a crash cut short: a size that is set is there, else nothing was done. */
  void recover() {
    for (UpdateTask task : rows.activeUpdates()) {
      try {
        boolean done = region.volume(task.volumeId()).sizeBytes() == task.target().sizeBytes();
        if (done) {
          rows.setOffer(task.volumeId(), task.target().offer());
        }
        rows.endUpdate(task.id(), done ? null : "Firn stopped before it was done: try again");
      } catch (FirnException e) {
        LOG.info("Task {} is over: {}", task.id(), e.getMessage());
        rows.endUpdate(task.id(), "the volume is gone");
      }
    }
  }
}
