package dev.firn.region;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.DurableFiles;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What neither block maps nor frozen roots say of the home's things, once more in files beside the
 * store, so that a lost catalog can be made anew: a file for each thing of which there is something
 * to say. Secrets are not among it. Safe for concurrent use.
 *
 * <p>Invariant: of what the file is not what the catalog says, there is a row in {@code uncopied}.
 * Triggers make it in the transaction of the change; it goes when the file is durably in place. So
 * nothing is left out, whatever changes it, and after a crash or on a disk that was full it is done
 * later.
 *
 * <p>A file is a line {@code firn-copy 1} and the SHA-256 of the rest, and a line of JSON. It is
 * written under another name, forced, read again, and renamed.
 */
final class CatalogCopy {
  private static final Logger LOG = LoggerFactory.getLogger(CatalogCopy.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int BATCH = 500;
  private static final String SUFFIX = ".json";
  private static final String FRESH = ".new";
  private static final Pattern FILE =
      Pattern.compile("(?s)firn-copy 1 ([0-9a-f]{64})\n(\\{[^\n]*}\n)");

  private final Catalog catalog;
  private final Path directory;

  CatalogCopy(Catalog catalog, Path directory) {
    this.catalog = catalog;
    this.directory = directory;
  }

  /**
   * @param content null: there is nothing to say of it
   */
  private record Change(String id, long changes, ObjectNode content) {}

  /**
   * Makes the files what the catalog says; when this returns they durably are. Where one cannot be
   * written everything else goes on without, and it is tried again with the next change.
   */
  synchronized void update() {
    try {
      List<Change> batch;
      List<Change> done;
      do {
        batch = catalog.transact(CatalogCopy::next);
        done = batch.isEmpty() ? List.of() : write(batch);
      } while (batch.size() == BATCH && done.size() == BATCH);
    } catch (IOException | FirnException e) {
      LOG.warn("What the catalog says is not all beside the store: {}", e.getMessage());
    }
  }

  private static List<Change> next(Handle handle) {
    return handle
        .createQuery("SELECT * FROM uncopied ORDER BY resource_id LIMIT :limit")
        .bind("limit", BATCH)
        .map(
            (results, context) ->
                new Change(results.getString("resource_id"), results.getLong("changes"), null))
        .list()
        .stream()
        .map(row -> new Change(row.id(), row.changes(), CatalogThings.describe(handle, row.id())))
        .toList();
  }

  private List<Change> write(List<Change> batch) throws IOException {
    Files.createDirectories(directory);
    List<Change> done = new ArrayList<>();
    boolean touched = false;
    for (Change change : batch) {
      try {
        touched |= write(change);
        done.add(change);
      } catch (IOException e) {
        LOG.warn("What is said of {} is not beside the store: {}", change.id(), e.getMessage());
      }
    }
    if (touched) {
      DurableFiles.force(directory);
    }
    catalog.transact(
        handle -> {
          for (Change change : done) {
            // What changed meanwhile stays for the next time.
            handle.execute(
                "DELETE FROM uncopied WHERE resource_id = ? AND changes = ?",
                change.id(),
                change.changes());
          }
          return null;
        });
    return done;
  }

  /** Whether there was something to do. */
  private boolean write(Change change) throws IOException {
    Path file = directory.resolve(change.id() + SUFFIX);
    if (change.content() == null) {
      return Files.deleteIfExists(file);
    }
    byte[] line =
        (JSON.writeValueAsString(change.content()) + "\n").getBytes(StandardCharsets.UTF_8);
    String head = "firn-copy 1 " + sha256(line) + "\n";
    byte[] bytes =
        Arrays.copyOf(head.getBytes(StandardCharsets.US_ASCII), head.length() + line.length);
    System.arraycopy(line, 0, bytes, head.length(), line.length);
    Path fresh = directory.resolve(change.id() + FRESH);
    Files.write(fresh, bytes);
    DurableFiles.force(fresh);
    if (!Arrays.equals(Files.readAllBytes(fresh), bytes)) {
      throw new IOException("file " + fresh + " does not have what was written to it");
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return true;
  }

  /**
   * What the files say, by the ids of what they say it of.
   *
   * @param damage told of each file that is not what was written, in a sentence
   */
  static TreeMap<String, JsonNode> read(Path directory, Consumer<String> damage)
      throws IOException {
    TreeMap<String, JsonNode> all = new TreeMap<>();
    if (!Files.isDirectory(directory)) {
      return all;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        JsonNode content = content(Files.readAllBytes(file));
        if (content == null) {
          damage.accept("what " + file + " says is damaged, and left out");
        } else {
          all.put(name.substring(0, name.length() - SUFFIX.length()), content);
        }
      }
    }
    return all;
  }

  private static JsonNode content(byte[] bytes) throws IOException {
    Matcher parts = FILE.matcher(new String(bytes, StandardCharsets.UTF_8));
    if (!parts.matches()) {
      return null;
    }
    byte[] line = parts.group(2).getBytes(StandardCharsets.UTF_8);
    return sha256(line).equals(parts.group(1)) ? JSON.readTree(line) : null;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("SHA-256 is in every JDK", e);
    }
  }
}
