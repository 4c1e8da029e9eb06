package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.region.Region;
import dev.firn.region.Tag;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The actions on tags. */
final class TagCalls {
  private static final Shape RESOURCE =
      Shape.matching(
          "(vol|snap|ami|snap-export|image-export)-[0-9a-f]{8}",
          Problem.MALFORMED_ID, "the id of a volume, a snapshot, an image or an export task");

  /** Between a resource and a key; no id has it. */
  private static final String BETWEEN = " ";

  private final Filters<Tag> filters =
      new Filters<Tag>()
          .text("Keys", Shape.text(), Tag::key)
          .text("ResourceIds", Shape.text(), Tag::resourceId)
          .text("ResourceTypes", Shape.text(), TagCalls::type)
          .text("Values", Shape.text(), Tag::value);

  List<Action> actions() {
    return List.of(
        Action.signed(
            "CreateTags",
            Action.common()
                .required("ResourceIds", Shape.filledList(RESOURCE))
                .required("Tags", Values.TAGS),
            this::create),
        Action.signed(
            "ReadTags",
            Page.parameters(Action.common().optional("Filters", filters.shape())),
            this::read),
        Action.signed(
            "DeleteTags",
            Action.common()
                .required("ResourceIds", Shape.filledList(RESOURCE))
                .required(
                    "Tags",
                    Shape.filledList(
                        Shape.object()
                            .required("Key", Shape.text(1, 255))
                            .optional("Value", Shape.text(0, 255)))),
            this::delete));
  }

  private Action.Plan create(Call call) {
    List<String> resources = call.texts("ResourceIds");
    call.region().requireOwn(resources);
    return () -> {
      call.region().setTags(resources, tags(call));
      return Call.answer();
    };
  }

  private Action.Plan delete(Call call) {
    List<String> resources = call.texts("ResourceIds");
    call.region().requireOwn(resources);
    return () -> {
      call.region().removeTags(resources, tags(call));
      return Call.answer();
    };
  }

  private Action.Plan read(Call call) {
    Region region = call.region();
    return () -> {
      ObjectNode answer = Call.answer();
      Page.of(call.parameters(), Page.LIMIT_MAX)
          .fill(
              answer,
              "Tags",
              (after, limit) -> {
                int between = after.indexOf(BETWEEN);
                return between < 0
                    ? region.tags("", "", limit)
                    : region.tags(after.substring(0, between), after.substring(between + 1), limit);
              },
              filters.predicate(call.filters()),
              tag -> tag.resourceId() + BETWEEN + tag.key(),
              tag ->
                  Call.answer()
                      .put("Key", tag.key())
                      .put("ResourceId", tag.resourceId())
                      .put("ResourceType", type(tag))
                      .put("Value", tag.value()));
      return answer;
    };
  }

  private static Map<String, String> tags(Call call) {
    Map<String, String> tags = new LinkedHashMap<>();
    for (JsonNode tag : call.parameters().get("Tags")) {
      tags.put(tag.get("Key").asText(), tag.path("Value").asText(null));
    }
    return tags;
  }

  private static String type(Tag tag) {
    return switch (tag.resourceId().substring(0, tag.resourceId().lastIndexOf('-'))) {
      case "vol" -> "volume";
      case "snap" -> "snapshot";
      case "ami" -> "image";
      default -> "task";
    };
  }
}
