package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.region.AccessKey;
import dev.firn.region.Accounts;
import dev.firn.region.Region;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;

/** The actions on access keys. There are no users within accounts. */
final class KeyCalls {
  private static final Shape KEY_ID =
      Shape.matching(
          "[A-Z0-9]{20}", Problem.ACCESS_KEY_NOT_FOUND, "an access key of 20 letters and digits");
  private static final Shape STATE =
      Shape.oneOf(Problem.INVALID_PARAMETER_VALUE, "ACTIVE", "INACTIVE");

  private final Filters<AccessKey> filters =
      new Filters<AccessKey>()
          .text("AccessKeyIds", Shape.text(), AccessKey::id)
          .text("States", Shape.text(), KeyCalls::state);

  List<Action> actions() {
    return List.of(
        Action.signedOrByPassword(
            "CreateAccessKey",
            parameters()
                .optional("ExpirationDate", Shape.dateTime())
                .optional("Tag", Shape.text(1, 255)),
            KeyCalls::create),
        Action.signedOrByPassword(
            "ReadAccessKeys",
            parameters().optional("Filters", filters.shape()).optional("Tag", Shape.text(1, 255)),
            this::read),
        Action.signedOrByPassword(
            "UpdateAccessKey",
            parameters()
                .required("AccessKeyId", KEY_ID)
                .optional("ClearExpirationDate", Shape.bool())
                .optional("ClearTag", Shape.bool())
                .optional("ExpirationDate", Shape.dateTime())
                .optional("State", STATE)
                .optional("Tag", Shape.text(1, 255)),
            KeyCalls::update),
        Action.signedOrByPassword(
            "DeleteAccessKey", parameters().required("AccessKeyId", KEY_ID), KeyCalls::delete));
  }

  private static Shape.Fields parameters() {
    return Action.common().optional("UserName", Shape.text());
  }

  private static void requireNoUser(Call call) {
    if (call.has("UserName")) {
      throw new OapiException(
          Problem.NO_SUCH_USER, "user '%s' does not exist", call.text("UserName"));
    }
  }

  private static Action.Plan create(Call call) {
    requireNoUser(call);
    Region region = call.region();
    Instant expiresAt = expiry(call);
    return () -> {
      Accounts.NewAccessKey made =
          region.accounts().createKey(region.accountId(), call.text("Tag"), expiresAt);
      ObjectNode answer = Call.answer();
      answer.set("AccessKey", json(made.key()).put("SecretKey", made.secret()));
      return answer;
    };
  }

  private Action.Plan read(Call call) {
    requireNoUser(call);
    Region region = call.region();
    return () -> {
      Predicate<AccessKey> predicate = filters.predicate(call.filters());
      String tag = call.text("Tag");
      ObjectNode answer = Call.answer();
      ArrayNode keys = answer.putArray("AccessKeys");
      region.accounts().keys(region.accountId()).stream()
          .filter(predicate)
          .filter(key -> tag == null || tag.equals(key.tag()))
          .forEach(key -> keys.add(json(key)));
      return answer;
    };
  }

  private static Action.Plan update(Call call) {
    requireNoUser(call);
    Region region = call.region();
    AccessKey key = region.accounts().key(region.accountId(), call.text("AccessKeyId"));
    Instant expiresAt = key.expiresAt();
    if (call.flag("ClearExpirationDate")) {
      expiresAt = null;
    } else if (call.has("ExpirationDate")) {
      expiresAt = expiry(call);
    }
    String tag = key.tag();
    if (call.flag("ClearTag")) {
      tag = null;
    } else if (call.has("Tag")) {
      tag = call.text("Tag");
    }
    boolean active = call.has("State") ? call.text("State").equals("ACTIVE") : key.active();
    AccessKey changed =
        new AccessKey(
            key.id(), key.accountId(), active, tag, key.createdAt(), key.changedAt(), expiresAt);
    return () -> {
      ObjectNode answer = Call.answer();
      answer.set("AccessKey", json(region.accounts().updateKey(changed)));
      return answer;
    };
  }

  private static Action.Plan delete(Call call) {
    requireNoUser(call);
    Region region = call.region();
    AccessKey key = region.accounts().key(region.accountId(), call.text("AccessKeyId"));
    return () -> {
      region.accounts().deleteKey(region.accountId(), key.id());
      return Call.answer();
    };
  }

  private static Instant expiry(Call call) {
    if (!call.has("ExpirationDate")) {
      return null;
    }
    Instant expiresAt = Shape.time(call.text("ExpirationDate"));
    if (!expiresAt.isAfter(Instant.now())) {
      throw new OapiException(
          Problem.INVALID_PARAMETER_VALUE, "'ExpirationDate' must be in the future");
    }
    return expiresAt;
  }

  private static String state(AccessKey key) {
    return key.active() ? "ACTIVE" : "INACTIVE";
  }

  private static ObjectNode json(AccessKey key) {
    ObjectNode json = Call.answer();
    json.put("AccessKeyId", key.id());
    json.put("CreationDate", Values.time(key.createdAt()));
    if (key.expiresAt() != null) {
      json.put("ExpirationDate", Values.time(key.expiresAt()));
    }
    json.put("LastModificationDate", Values.time(key.changedAt()));
    json.put("State", state(key));
    if (key.tag() != null) {
      json.put("Tag", key.tag());
    }
    return json;
  }
}
