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
import java.util.concurrent.atomic.AtomicLong;
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

  /** How often it was asked for. */
  private final AtomicLong asked = new AtomicLong();

  /** Up to which of these the files are what the catalog said. Guarded by this. */
  private long done;

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
   * written everything else goes on without, and it is tried again with the next change. Who comes
   * while another is at work shares the next round with all who do.
   */
  void update() {
    long mine = asked.incrementAndGet();
    synchronized (this) {
      if (done >= mine) {
        return;
      }
      long all = asked.get();
      writeAll();
      done = all;
    }
  }

  private void writeAll() {
    try {
      int size;
      int written;
      do {
        List<Change> batch = catalog.transact(CatalogCopy::next);
        size = batch.size();
        written = size == 0 ? 0 : write(batch);
      } while (size == BATCH && written == BATCH);
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

  /** Answers how many could be written. */
  private int write(List<Change> batch) throws IOException {
    Files.createDirectories(directory);
    List<Change> written = new ArrayList<>();
    // All are written before the first is forced: that takes most of the others along.
    for (Change change : batch) {
      if (attempt(change, this::prepare)) {
        written.add(change);
      }
    }
    List<Change> published = new ArrayList<>();
    boolean touched = false;
    for (Change change : written) {
      boolean needed = change.content() != null || Files.exists(file(change));
      if (!needed || attempt(change, this::publish)) {
        published.add(change);
        touched |= needed;
      }
    }
    if (touched) {
      DurableFiles.force(directory);
    }
    catalog.transact(
        handle -> {
          for (Change change : published) {
            // What changed meanwhile stays for the next time.
            handle.execute(
                "DELETE FROM uncopied WHERE resource_id = ? AND changes = ?",
                change.id(),
                change.changes());
          }
          return null;
        });
    return published.size();
  }

  /** One step of writing what is said of a thing. */
  @FunctionalInterface
  private interface Step {
    void run(Change change) throws IOException;
  }

  private static boolean attempt(Change change, Step step) {
    try {
      step.run(change);
      return true;
    } catch (IOException e) {
      LOG.warn("What is said of {} is not beside the store: {}", change.id(), e.getMessage());
      return false;
    }
  }

  private Path file(Change change) {
    return directory.resolve(change.id() + SUFFIX);
  }

  private Path fresh(Change change) {
    return directory.resolve(change.id() + FRESH);
  }

  private void prepare(Change change) throws IOException {
    if (change.content() != null) {
      Files.write(fresh(change), bytes(change));
    }
  }

  private void publish(Change change) throws IOException {
    if (change.content() == null) {
      Files.delete(file(change));
      return;
    }
    Path fresh = fresh(change);
    DurableFiles.force(fresh);
    if (!Arrays.equals(Files.readAllBytes(fresh), bytes(change))) {
      throw new IOException("file " + fresh + " does not have what was written to it");
    }
    Files.move(fresh, file(change), StandardCopyOption.ATOMIC_MOVE);
  }

  private static byte[] bytes(Change change) throws IOException {
    String line = JSON.writeValueAsString(change.content()) + "\n";
    byte[] content = line.getBytes(StandardCharsets.UTF_8);
    String head = "firn-copy 1 " + sha256(content) + "\n";
    return (head + line).getBytes(StandardCharsets.UTF_8);
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
