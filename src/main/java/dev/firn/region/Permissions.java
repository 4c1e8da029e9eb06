package dev.firn.region;

import java.util.List;

/**
 * Who but its owner may use a resource.
 *
 * @param everybody whether all accounts of the Region may
 * @param accountIds those named one by one, sorted
 */
public record Permissions(boolean everybody, List<String> accountIds) {
  static final Permissions NONE = new Permissions(false, List.of());

  public Permissions {
    accountIds = List.copyOf(accountIds);
  }

  boolean allow(String accountId) {
    return everybody || accountIds.contains(accountId);
  }
}
