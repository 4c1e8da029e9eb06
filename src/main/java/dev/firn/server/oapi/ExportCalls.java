package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * The actions on exports to buckets. This version makes none: it says so when one is asked for, and
 * has none to read. Requests are checked as if it did.
 */
final class ExportCalls {
  private static final Shape EXPORT =
      Shape.object()
          .required("DiskImageFormat", Shape.oneOf(Problem.INVALID_PARAMETER_VALUE, "qcow2", "raw"))
          .optional(
              "OsuApiKey",
              Shape.object().optional("ApiKeyId", Shape.text()).optional("SecretKey", Shape.text()))
          .required("OsuBucket", Shape.text(1, 255))
          .optional("OsuManifestUrl", Shape.text(0, 4096))
          .optional("OsuPrefix", Shape.text());

  List<Action> actions() {
    return List.of(
        create("Snapshot", "snap", call -> call.region().permissions(call.text("SnapshotId"))),
        read("ReadSnapshotExportTasks", "SnapshotExportTasks", "SnapshotIds"),
        create("Image", "ami", call -> call.region().images().own(call.text("ImageId"))),
        read("ReadImageExportTasks", "ImageExportTasks", "ImageIds"));
  }

  /** Fails if there is no such thing, or it is another account's. */
  @FunctionalInterface
  private interface Look {
    void at(Call call);
  }

  private static Action create(String kind, String prefix, Look look) {
    return Action.signed(
        "Create" + kind + "ExportTask",
        Action.common().required(kind + "Id", Shape.id(prefix)).required("OsuExport", EXPORT),
        call -> {
          look.at(call);
          throw new OapiException(Problem.NOT_OFFERED, "this version does not export to buckets");
        });
  }

  private static Action read(String name, String field, String ids) {
    Filters<Object> filters =
        new Filters<>()
            .text(ids, Shape.text(), none -> null)
            .text("TaskIds", Shape.text(), none -> null);
    return Action.signed(
        name,
        Page.parameters(Action.common().optional("Filters", filters.shape())),
        call ->
            () -> {
              ObjectNode answer = Call.answer();
              answer.putArray(field);
              return answer;
            });
  }
}
