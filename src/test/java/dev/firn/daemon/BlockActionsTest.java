package dev.firn.daemon;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.region.DiskBlocks;
import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.server.Actions;
import dev.firn.server.ApiClient;
import dev.firn.server.ApiServer;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What a backup program does, over the socket. */
class BlockActionsTest {
  private static final int BLOCK = DiskBlocks.BLOCK_BYTES;

  /** The last block is cut. */
  private static final long SIZE = 9L * BLOCK + 1024;

  @TempDir Path directory;
  private Region region;
  private ApiServer server;
  private ApiClient client;

  @BeforeEach
  void open() throws IOException {
    region = Region.open(directory.resolve("home"));
    Actions actions = new Actions();
    new BlockActions(region, new BlockUploads()).register(actions);
    server = ApiServer.start(directory.resolve("s"), actions);
    client = new ApiClient(directory.resolve("s"), false);
    region.createVolume(new VolumeRequest("db", "block", SIZE, null, null, null));
  }

  @AfterEach
  void close() throws IOException {
    server.close();
    region.close();
  }

  private void write(long... blocks) throws IOException {
    try (FileSystem files = region.openVolume("db", false)) {
      long disk = files.lookup(FileSystem.ROOT_INODE, Disk.name()).inode();
      for (long block : blocks) {
        byte[] bytes = new byte[1000];
        new Random(block).nextBytes(bytes);
        files.write(disk, block * BLOCK + 24, ByteBuffer.wrap(bytes));
      }
    }
  }

  private void snapshot(String name) throws IOException {
    region.createSnapshot("db", name, null, Map.of());
  }

  private static ObjectNode parameters(String... fields) {
    ObjectNode parameters = ApiClient.parameters();
    for (int i = 0; i < fields.length; i += 2) {
      parameters.put(fields[i], fields[i + 1]);
    }
    return parameters;
  }

  private List<Long> blocks(String action, ObjectNode parameters) throws IOException {
    List<Long> blocks = new ArrayList<>();
    ApiClient.Listener listener =
        new ApiClient.Listener() {
          @Override
          public void item(JsonNode item) {
            blocks.add(item.get("blockIndex").asLong());
          }
        };
    JsonNode result = client.work(action, parameters, listener);
    assertEquals(blocks.size(), result.get("blocks").asInt());
    assertEquals(BLOCK, result.get("blockSizeBytes").asInt());
    assertEquals(SIZE, result.get("volumeSizeBytes").asLong());
    return blocks;
  }

  private byte[] get(String snapshot, long block) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    JsonNode told =
        client.download(
            "GetSnapshotBlock", parameters("snapshot", snapshot).put("blockIndex", block), bytes);
    assertEquals(BlockUploads.sha256(bytes.toByteArray()), told.get("sha256").asText());
    return bytes.toByteArray();
  }

  private void put(String upload, long block, byte[] bytes, String sha256) throws IOException {
    client.upload(
        "PutSnapshotBlock",
        parameters("upload", upload, "sha256", sha256).put("blockIndex", block),
        new ByteArrayInputStream(bytes),
        new ApiClient.Listener() {});
  }

  private String start(ObjectNode parameters) throws IOException {
    return client.call("StartSnapshot", parameters).get("upload").asText();
  }

  private static void refused(ErrorKind kind, Executable what) {
    assertEquals(kind, assertThrows(FirnException.class, what).kind());
  }

  @Test
  void anIncrementalCopyHasTheSameBytes() throws IOException {
    write(0, 3, 9);
    snapshot("one");
    write(3, 5);
    snapshot("two");
    assertEquals(
        List.of(0L, 3L, 9L), blocks("ListSnapshotBlocks", parameters("snapshot", "db@one")));
    assertEquals(
        List.of(3L, 9L),
        blocks(
            "ListSnapshotBlocks", parameters("snapshot", "db@one").put("startingBlockIndex", 1)));
    List<Long> changed =
        blocks(
            "ListChangedBlocks", parameters("firstSnapshot", "db@one", "secondSnapshot", "db@two"));
    assertEquals(List.of(3L, 5L), changed);

    String full = start(parameters("name", "copy-one").put("sizeBytes", SIZE));
    for (long block : List.of(0L, 3L, 9L)) {
      byte[] bytes = get("db@one", block);
      put(full, block, bytes, BlockUploads.sha256(bytes));
    }
    assertEquals(List.of(), names("copy-one"));
    client.call("CompleteSnapshot", parameters("upload", full).put("changedBlocks", 3));
    assertEquals(List.of("copy-one"), names("copy-one"));
    String incremental = start(parameters("name", "copy-two", "parentSnapshot", "copy-one"));
    for (long block : changed) {
      byte[] bytes = get("db@two", block);
      put(incremental, block, bytes, BlockUploads.sha256(bytes));
    }
    client.call("CompleteSnapshot", parameters("upload", incremental));
    for (long block = 0; block <= 9; block++) {
      assertArrayEquals(get("db@one", block), get("copy-one", block));
      assertArrayEquals(get("db@two", block), get("copy-two", block));
    }
    assertEquals(1024, get("copy-two", 9).length);
    assertEquals(
        List.of(3L, 5L),
        blocks(
            "ListChangedBlocks",
            parameters("firstSnapshot", "copy-one", "secondSnapshot", "copy-two")));
  }

  private List<String> names(String name) {
    return region.snapshots(null).stream().map(s -> s.name()).filter(name::equals).toList();
  }

  @Test
  void whatIsWrongIsRefusedAndLeavesNothing() throws IOException {
    write(1);
    snapshot("one");
    refused(ErrorKind.NOT_FOUND, () -> get("db@one", 10));
    refused(ErrorKind.NOT_FOUND, () -> get("db@one", -1));
    refused(ErrorKind.NOT_FOUND, () -> get("db@two", 0));
    refused(ErrorKind.USAGE, () -> start(parameters("name", "x")));
    refused(ErrorKind.USAGE, () -> start(parameters("name", "x").put("sizeBytes", 12345)));
    String upload = start(parameters("name", "x").put("sizeBytes", SIZE));
    byte[] bytes = new byte[BLOCK];
    bytes[7] = 1;
    String right = BlockUploads.sha256(bytes);
    refused(
        ErrorKind.CORRUPT, () -> put(upload, 0, bytes, right.replace(right.charAt(0), '0') + 0));
    refused(ErrorKind.USAGE, () -> put(upload, 9, bytes, right));
    refused(ErrorKind.USAGE, () -> put(upload, 0, new byte[5], BlockUploads.sha256(new byte[5])));
    refused(ErrorKind.NOT_FOUND, () -> put(upload, 10, bytes, right));
    refused(ErrorKind.NOT_FOUND, () -> put("upload-0", 0, bytes, right));
    put(upload, 0, bytes, right);
    refused(
        ErrorKind.CONFLICT,
        () ->
            client.call("CompleteSnapshot", parameters("upload", upload).put("changedBlocks", 2)));
    client.call("AbandonSnapshot", parameters("upload", upload));
    refused(
        ErrorKind.NOT_FOUND, () -> client.call("CompleteSnapshot", parameters("upload", upload)));
    assertEquals(
        List.of("one"),
        List.copyOf(new TreeSet<>(region.snapshots(null).stream().map(s -> s.name()).toList())));
    region.createVolume(VolumeRequest.empty("files", 1L << 30));
    region.createSnapshot("files", "tree", null, Map.of());
    refused(
        ErrorKind.USAGE, () -> blocks("ListSnapshotBlocks", parameters("snapshot", "files@tree")));
    refused(ErrorKind.USAGE, () -> start(parameters("parentSnapshot", "files@tree")));
  }
}
