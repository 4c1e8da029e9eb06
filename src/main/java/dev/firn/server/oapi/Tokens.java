package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.region.Cloud;
import java.io.IOException;

/** Client tokens: a request that comes again with the same one is done once. */
final class Tokens {
  private static final ObjectMapper SORTED =
      JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  private Tokens() {}

  /** The id of what this call makes, or made. */
  static String once(Call call, Cloud.Maker maker) throws IOException {
    String token = call.text("ClientToken");
    if (token == null) {
      return maker.make(null);
    }
    ObjectNode arguments = call.parameters().deepCopy();
    arguments.remove("ClientToken");
    arguments.remove("DryRun");
    byte[] sorted = SORTED.writeValueAsBytes(SORTED.convertValue(arguments, java.util.Map.class));
    return call.region().cloud().once(call.action(), token, Signatures.hash(sorted), maker);
  }
}
