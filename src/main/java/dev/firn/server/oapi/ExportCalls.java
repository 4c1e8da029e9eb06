package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.bucket.Transfers;
import dev.firn.region.ExportTask;
import dev.firn.region.Region;
import java.io.IOException;
import java.util.List;

/** The actions on exports to buckets. */
final class ExportCalls {
  private static final String SNAPSHOT = "Snapshot";
  private static final String IMAGE = "Image";
  private static final Shape EXPORT =
      Shape.object()
          .required("DiskImageFormat", Shape.oneOf(Problem.INVALID_PARAMETER_VALUE, "qcow2", "raw"))
          .optional(
              "OsuApiKey",
              Shape.object()
                  .optional("ApiKeyId", Shape.text(1, 255))
                  .optional("SecretKey", Shape.text(1, 255)))
          .required("OsuBucket", Shape.text(1, 255))
          .optional("OsuManifestUrl", Shape.text(0, 4096))
          .optional("OsuPrefix", Shape.text(0, 900));

  private final Transfers transfers;

  ExportCalls(Transfers transfers) {
    this.transfers = transfers;
  }

  /** Fails if there is no such thing, or it is another account's. */
  @FunctionalInterface
  private interface Look {
    void at(Call call);
  }

  /** Makes a task. */
  @FunctionalInterface
  private interface Begin {
    ExportTask task(Region account, String id, ExportTask.Target target, String secretKey)
        throws IOException;
  }

  List<Action> actions() {
    return List.of(
        create(
            SNAPSHOT,
            "snap",
            call -> call.region().permissions(call.text("SnapshotId")),
            transfers::exportSnapshot),
        read(SNAPSHOT),
        create(
            IMAGE,
            "ami",
            call -> call.region().images().own(call.text("ImageId")),
            transfers::exportImage),
        read(IMAGE));
  }

  private Action create(String kind, String prefix, Look look, Begin begin) {
    return Action.signed(
        "Create" + kind + "ExportTask",
        Action.common().required(kind + "Id", Shape.id(prefix)).required("OsuExport", EXPORT),
        call -> {
          look.at(call);
          JsonNode export = call.parameters().get("OsuExport");
          if (!export.path("OsuManifestUrl").asText("").isEmpty()) {
            throw new OapiException(
                Problem.INVALID_PARAMETER_VALUE,
                "'OsuManifestUrl' is told, not asked for: the manifest is beside the image's"
                    + " objects");
          }
          JsonNode key = export.path("OsuApiKey");
          if (key.hasNonNull("ApiKeyId") != key.hasNonNull("SecretKey")) {
            throw new OapiException(
                Problem.MISSING_PARAMETER, "'ApiKeyId' and 'SecretKey' go together");
          }
          boolean own = !key.hasNonNull("ApiKeyId");
          String keyId = own ? call.caller().accessKeyId() : key.get("ApiKeyId").asText();
          ExportTask.Target target =
              transfers.target(
                  export.get("DiskImageFormat").asText(),
                  export.get("OsuBucket").asText(),
                  export.path("OsuPrefix").asText(""),
                  keyId);
          return () -> {
            // Without a key to the bucket it is the caller's own.
            String secret =
                own
                    ? call.region().accounts().credentials(keyId).secret()
                    : key.get("SecretKey").asText();
            ExportTask task = begin.task(call.region(), call.text(kind + "Id"), target, secret);
            ObjectNode answer = Call.answer();
            answer.set(kind + "ExportTask", json(kind, task));
            return answer;
          };
        });
  }

  private static Action read(String kind) {
    Filters<ExportTask> filters =
        new Filters<ExportTask>()
            .text(kind + "Ids", Shape.text(), ExportTask::resourceId)
            .text("TaskIds", Shape.text(), ExportTask::id);
    String idPrefix = kind.equals(IMAGE) ? "image-export-" : "snap-export-";
    return Action.signed(
        "Read" + kind + "ExportTasks",
        Page.parameters(Action.common().optional("Filters", filters.shape())),
        call ->
            () -> {
              ObjectNode answer = Call.answer();
              Page.of(call.parameters(), Page.LIMIT_MAX)
                  .fill(
                      answer,
                      kind + "ExportTasks",
                      (after, limit) ->
                          call.region().exportTasks().after(Page.number(after), limit),
                      filters.predicate(call.filters()).and(task -> task.id().startsWith(idPrefix)),
                      task -> Page.position(task.number()),
                      task -> json(kind, task));
              return answer;
            });
  }

  private static ObjectNode json(String kind, ExportTask task) {
    ObjectNode json = Call.answer();
    if (task.comment() != null) {
      json.put("Comment", task.comment());
    }
    json.put(kind + "Id", task.resourceId());
    ObjectNode export = json.putObject("OsuExport");
    export.put("DiskImageFormat", task.target().diskFormat());
    export.put("OsuBucket", task.target().bucket());
    if (task.manifestUrl() != null) {
      export.put("OsuManifestUrl", task.manifestUrl());
    }
    if (!task.target().prefix().isEmpty()) {
      export.put("OsuPrefix", task.target().prefix());
    }
    json.put("Progress", task.progress());
    json.put("State", state(kind, task.state()));
    Values.putTags(json, task.tags());
    json.put("TaskId", task.id());
    return json;
  }

  /** Tasks of images have other words for what waits and what runs. */
  private static String state(String kind, ExportTask.State state) {
    if (kind.equals(IMAGE)) {
      switch (state) {
        case PENDING:
          return "pending/queued";
        case ACTIVE:
          return "pending";
        default:
      }
    }
    return state.text();
  }
}
