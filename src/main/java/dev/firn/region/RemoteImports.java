package dev.firn.region;

import dev.firn.snapshot.ClientToken;
import dev.firn.snapshot.Snapshot;
import java.io.IOException;
import java.util.List;

/**
 * Snapshots that come from a URL: each has its row from the request on, and gets its content later.
 * Safe for concurrent use.
 *
 * <p>A crash leaves the row in state in-queue or pending, and the URL beside it: who fetches begins
 * anew. The block map that was being filled goes at the next start, as that of any import.
 */
public final class RemoteImports {
  private final Region region;
  private final RemoteImportRows rows;
  private final SecretBox secrets;

  RemoteImports(Region region, RemoteImportRows rows, SecretBox secrets) {
    this.region = region;
    this.rows = rows;
    this.secrets = secrets;
  }

  /** A snapshot without content yet, and where that is; a URL that may hold a signature. */
  public record Pending(Snapshot snapshot, String location) {
    /** Without the URL. */
    @Override
    public String toString() {
      return snapshot.id();
    }
  }

  /**
   * Makes the row, in state in-queue.
   *
   * @param sizeBytes of the volume
   * @param token kept in the same step; null: none
   */
  public Snapshot request(String description, long sizeBytes, String location, ClientToken token)
      throws IOException {
    return rows.insert(
        region.accountId(),
        description == null ? "" : description,
        sizeBytes,
        seal(location),
        token);
  }

  /** A URL as the catalog keeps it, for the account. */
  String seal(String location) throws IOException {
    return secrets.seal(region.accountId(), location);
  }

  /** All that are not over, of all accounts, oldest first. */
  public List<Pending> unfinished() throws IOException {
    return rows.unfinished(secrets::open);
  }

  /** The home in which what is imported becomes the content of a snapshot that waits for it. */
  public Region filling(Snapshot snapshot) {
    return region.filling(snapshot);
  }

  /** Notes how far it has come; nothing if it is over. */
  public void progress(Snapshot snapshot, int percent) {
    rows.progress(snapshot.number(), percent);
  }

  /** Ends it in state error; nothing if it is over. */
  public void fail(Snapshot snapshot, String reason) {
    rows.fail(snapshot.number(), reason);
  }
}
