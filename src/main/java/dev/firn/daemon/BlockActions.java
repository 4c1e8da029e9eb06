package dev.firn.daemon;

import dev.firn.region.DiskBlocks;
import dev.firn.region.Region;
import dev.firn.server.Actions;
import dev.firn.server.Events;
import dev.firn.snapshot.Snapshot;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** The actions by which backup programs copy disks block by block. */
final class BlockActions {
  private final Region region;
  private final BlockUploads uploads;

  BlockActions(Region region, BlockUploads uploads) {
    this.region = region;
    this.uploads = uploads;
  }

  /**
   * @param startingBlockIndex null: from the first on
   */
  record ListParameters(String snapshot, Long startingBlockIndex) {
    ListParameters {
      Actions.required("snapshot", snapshot);
    }
  }

  /** As {@link ListParameters}. */
  record ListChangedParameters(
      String firstSnapshot, String secondSnapshot, Long startingBlockIndex) {
    ListChangedParameters {
      Actions.required("firstSnapshot", firstSnapshot);
      Actions.required("secondSnapshot", secondSnapshot);
    }
  }

  record GetParameters(String snapshot, Long blockIndex) {
    GetParameters {
      Actions.required("snapshot", snapshot);
      Actions.required("blockIndex", blockIndex);
    }
  }

  /**
   * @param sizeBytes null: the parent's
   * @param parentSnapshot what blocks are that are not put; null: zeros
   */
  record StartParameters(
      Long sizeBytes,
      String parentSnapshot,
      String name,
      String description,
      Map<String, String> tags) {
    StartParameters {
      tags = tags == null ? Map.of() : tags;
      if (parentSnapshot == null) {
        Actions.required("sizeBytes", sizeBytes);
      }
    }
  }

  /**
   * @param sha256 of the bytes, in hexadecimal digits
   */
  record PutParameters(String upload, Long blockIndex, String sha256) {
    PutParameters {
      Actions.required("upload", upload);
      Actions.required("blockIndex", blockIndex);
      Actions.required("sha256", sha256);
    }
  }

  /**
   * @param changedBlocks how many blocks were put; null: as many as came
   */
  record CompleteParameters(String upload, Long changedBlocks) {
    CompleteParameters {
      Actions.required("upload", upload);
    }
  }

  record UploadReference(String upload) {
    UploadReference {
      Actions.required("upload", upload);
    }
  }

  void register(Actions actions) {
    actions
        .work("ListSnapshotBlocks", ListParameters.class, this::list)
        .work("ListChangedBlocks", ListChangedParameters.class, this::listChanged)
        .download("GetSnapshotBlock", GetParameters.class, this::get)
        .answer("StartSnapshot", StartParameters.class, this::start)
        .upload("PutSnapshotBlock", PutParameters.class, this::put)
        .answer("CompleteSnapshot", CompleteParameters.class, this::complete)
        .answer("AbandonSnapshot", UploadReference.class, this::abandon);
  }

  private Map<String, Object> list(ListParameters parameters, Events events) throws IOException {
    long[] count = {0};
    Snapshot snapshot =
        region
            .blocks()
            .list(
                parameters.snapshot(),
                first(parameters.startingBlockIndex()),
                index -> tell(index, count, events));
    return listed(snapshot, count[0]);
  }

  private Map<String, Object> listChanged(ListChangedParameters parameters, Events events)
      throws IOException {
    long[] count = {0};
    Snapshot snapshot =
        region
            .blocks()
            .listChanged(
                parameters.firstSnapshot(),
                parameters.secondSnapshot(),
                first(parameters.startingBlockIndex()),
                index -> tell(index, count, events));
    return listed(snapshot, count[0]);
  }

  private static void tell(long index, long[] count, Events events) throws IOException {
    count[0]++;
    events.item(Map.of("blockIndex", index));
  }

  private static long first(Long startingBlockIndex) {
    return startingBlockIndex == null ? 0 : startingBlockIndex;
  }

  private static Map<String, Object> listed(Snapshot snapshot, long blocks) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("blocks", blocks);
    result.put("blockSizeBytes", DiskBlocks.BLOCK_BYTES);
    result.put("volumeSizeBytes", snapshot.sizeBytes());
    return result;
  }

  private Map<String, Object> get(GetParameters parameters, OutputStream output)
      throws IOException {
    DiskBlocks.Block block = region.blocks().read(parameters.snapshot(), parameters.blockIndex());
    output.write(block.bytes());
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("blockIndex", block.index());
    result.put("sizeBytes", block.bytes().length);
    result.put("sha256", BlockUploads.sha256(block.bytes()));
    return result;
  }

  private Map<String, Object> start(StartParameters parameters) throws IOException {
    BlockUploads.Started started =
        uploads.start(
            region,
            parameters.sizeBytes(),
            parameters.parentSnapshot(),
            parameters.name(),
            parameters.description(),
            parameters.tags());
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("upload", started.upload());
    result.put("blockSizeBytes", DiskBlocks.BLOCK_BYTES);
    result.put("volumeSizeBytes", started.sizeBytes());
    return result;
  }

  private Map<String, Object> put(PutParameters parameters, InputStream input, Events events)
      throws IOException {
    uploads.put(parameters.upload(), parameters.blockIndex(), parameters.sha256(), input);
    return Map.of("sha256", parameters.sha256());
  }

  private Snapshot complete(CompleteParameters parameters) throws IOException {
    return uploads.complete(parameters.upload(), parameters.changedBlocks());
  }

  private Map<String, Object> abandon(UploadReference parameters) throws IOException {
    uploads.abandon(parameters.upload());
    return Map.of();
  }
}
