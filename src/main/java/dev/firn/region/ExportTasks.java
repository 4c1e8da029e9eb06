package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.snapshot.SnapshotNames;
import java.io.IOException;
import java.util.List;

/**
 * What is known of the exports of an account to buckets. They are done elsewhere; what is here
 * outlives a restart. Safe for concurrent use.
 */
public final class ExportTasks {
  private static final String OF_SNAPSHOT = "snap-export";
  private static final String OF_IMAGE = "image-export";

  private final Region region;
  private final ExportTaskRows rows;
  private final SecretBox secrets;

  ExportTasks(Region region, ExportTaskRows rows, SecretBox secrets) {
    this.region = region;
    this.rows = rows;
    this.secrets = secrets;
  }

  static boolean isId(String reference) {
    return reference.startsWith(OF_SNAPSHOT + "-") || reference.startsWith(OF_IMAGE + "-");
  }

  /**
   * Notes the export of a snapshot that the account owns.
   *
   * @param secretKey of the key that the target names
   */
  public ExportTask beginSnapshot(String snapshotId, ExportTask.Target target, String secretKey)
      throws IOException {
    region.permissions(snapshotId);
    return rows.insert(
        OF_SNAPSHOT,
        region.accountId(),
        region.snapshot(snapshotId).id(),
        target,
        id -> secrets.seal(id, secretKey));
  }

  /** Notes the export of an image that the account owns. */
  public ExportTask beginImage(String imageId, ExportTask.Target target, String secretKey)
      throws IOException {
    return rows.insert(
        OF_IMAGE,
        region.accountId(),
        region.images().own(imageId).id(),
        target,
        id -> secrets.seal(id, secretKey));
  }

  /** The secret of the key to a task's bucket. */
  public String secretKey(ExportTask task) throws IOException {
    return secrets.open(task.id(), rows.sealedSecret(task.id()));
  }

  /** A task of the account; else NOT_FOUND. */
  public ExportTask task(String id) {
    ExportTask found = rows.find(id);
    if (found == null || !found.accountId().equals(region.accountId())) {
      throw FirnException.notFound(
              "task '%s' does not exist: 'firn task list' shows those that do",
              SnapshotNames.printable(id))
          .because("no-such-resource");
    }
    return found;
  }

  /** The account's tasks, oldest first, of those with numbers above {@code after} the first. */
  public List<ExportTask> after(long after, int limit) {
    return rows.of(region.accountId(), after, limit);
  }

  /** Those of all accounts that are not over, oldest first. */
  public List<ExportTask> unfinished() {
    return rows.unfinished();
  }

  /** Notes how far a task has come. One that is over stays as it is. */
  public void progress(ExportTask task, int percent) {
    rows.update(task.id(), ExportTask.State.ACTIVE, percent, null, null);
  }

  /** Ends a task, and says so; one that is over stays as it is: of two ends the first counts. */
  public boolean end(ExportTask task, ExportTask.State state, String comment, String manifestUrl) {
    Integer percent = state == ExportTask.State.COMPLETED ? 100 : null;
    return rows.update(task.id(), state, percent, comment, manifestUrl);
  }
}
